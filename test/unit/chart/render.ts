import { spawnSync } from 'node:child_process';
import { parseAllDocuments } from 'yaml';
import { findHelm, HELM_VERSION } from '../../../scripts/helm.ts';
import { CHART, type ValueSet, valueFile } from './chart-files.ts';

export type Container = {
  name: string;
  image: string;
  args: string[];
  env: { name: string; value?: string; valueFrom?: { secretKeyRef: { name: string; key: string } } }[];
  ports?: { name: string; containerPort: number }[];
  securityContext: object;
  lifecycle?: { preStop: { exec: { command: string[] } } };
};
export type PodTemplate = {
  metadata: { labels: Record<string, string> };
  spec: {
    containers: Container[];
    serviceAccountName?: string;
    automountServiceAccountToken: boolean;
    securityContext: object;
    terminationGracePeriodSeconds?: number;
  };
};
export type Manifest = {
  apiVersion: string;
  kind: string;
  metadata: { name: string; labels: Record<string, string>; annotations?: Record<string, string> };
  // biome-ignore lint/suspicious/noExplicitAny: each kind has its own members; the schema of Kubernetes checks them
  spec: Record<string, any>;
};

const helm = findHelm();

/** Describes tests that need Helm. Without it they are skipped, with a notice. */
export function describeWithHelm(name: string, tests: () => void): void {
  if (helm) {
    describe(name, tests);
    return;
  }
  process.stderr.write(`\nHelm ${HELM_VERSION} is not built, so the chart is not rendered: npm run helm\n`);
  describe.skip(name, tests);
}

export type HelmResult = { code: number | null; stdout: string; stderr: string };

export function runHelm(...args: string[]): HelmResult {
  const { status, stdout, stderr } = spawnSync(helm!, args, { encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

/** `settings`: arguments such as `--set` and `name=value`. */
export const template = (set: ValueSet, ...settings: string[]): HelmResult =>
  runHelm('template', 'hooks', CHART, '--namespace', 'webhooks', '--values', valueFile(set), ...settings);

/** The objects that the chart makes of a set of values, in the release `hooks`. */
export function render(set: ValueSet, ...settings: string[]): Manifest[] {
  const { code, stdout, stderr } = template(set, ...settings);
  if (code !== 0) throw new Error(stderr);
  return parseAllDocuments(stdout).map((document) => {
    if (document.errors.length > 0) throw document.errors[0];
    return document.toJS() as Manifest;
  });
}

/** The pods of the Deployments, of the Job and of `helm test`, by their component. */
export const podsOf = (manifests: Manifest[]): Record<string, PodTemplate> =>
  Object.fromEntries(
    manifests
      .filter(({ kind }) => ['Deployment', 'Job', 'Pod'].includes(kind))
      .map(({ kind, metadata, spec }) => [
        metadata.labels['app.kubernetes.io/component'],
        kind === 'Pod' ? { metadata, spec } : spec.template,
      ]),
  );
