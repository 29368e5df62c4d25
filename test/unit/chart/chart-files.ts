import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export const root = join(__dirname, '../../..');
export const CHART = join(root, 'deploy/helm/posthorn');

const read = (path: string): string => readFileSync(join(CHART, path), 'utf8');

export const values = parse(read('values.yaml')) as Record<string, unknown> & {
  config: Record<string, unknown>;
  secret: { keys: Record<string, string> };
  worker: { autoscaling: { backlog: { metricName: string } } };
};
export const valuesSchema = JSON.parse(read('values.schema.json'));
export const chart = parse(read('Chart.yaml')) as { version: string; appVersion: string };
export const templates = globSync('templates/**/*.{yaml,tpl,txt}', { cwd: CHART }).map((path) => read(path));

/** The sets of values that the chart is tested with. */
export const VALUE_SETS = ['minimal', 'production', 'cloud'] as const;
export type ValueSet = (typeof VALUE_SETS)[number];
export const valueFile = (set: ValueSet): string => join(CHART, `ci/${set}-values.yaml`);
export const valueSet = (set: ValueSet) => parse(readFileSync(valueFile(set), 'utf8')) as object;
