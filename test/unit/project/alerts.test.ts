import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { createMetrics } from '../../../src/observability/metrics.ts';
import { runPromtool, testWithPromtool } from './promtool.ts';

const deploy = join(__dirname, '../../../deploy');
const operations = readFileSync(join(deploy, '../docs/operations.md'), 'utf8');
const read = (path: string): string => readFileSync(join(deploy, path), 'utf8');

type Alert = {
  alert: string;
  expr: string;
  labels: { severity: string };
  annotations: { summary: string; description: string; runbook_url: string };
};
type Panel = {
  id: number;
  type: string;
  title: string;
  description?: string;
  gridPos: { x: number; y: number; w: number; h: number };
  targets?: { expr: string; datasource: { uid: string } }[];
};

const { groups } = parse(read('prometheus/posthorn.rules.yml')) as { groups: { rules: Alert[] }[] };
const alerts = groups.flatMap(({ rules }) => rules);
const { tests } = parse(read('prometheus/posthorn.rules.test.yml')) as {
  tests: {
    input_series: { series: string }[];
    promql_expr_test: { expr: string; exp_samples: unknown[] }[];
  }[];
};
const dashboard = JSON.parse(read('grafana/posthorn.json')) as { panels: Panel[] };
const graphs = dashboard.panels.filter(({ type }) => type !== 'row');

const expressions = [
  ...alerts.map(({ alert, expr }): [string, string] => [`the alert ${alert}`, expr]),
  ...graphs.flatMap(({ title, targets }) =>
    targets!.map(({ expr }): [string, string] => [`the graph "${title}"`, expr]),
  ),
  ...tests.flatMap(({ input_series }) =>
    input_series.map(({ series }): [string, string] => ['the test of the alerts', series]),
  ),
];

type Series = { labels: string[] };

/** The series that a process exports, with those of a histogram. */
async function exportedSeries(): Promise<Map<string, Series>> {
  const { registry } = createMetrics('all');
  const series = new Map<string, Series>();
  for (const { name, type } of await registry.getMetricsAsJSON()) {
    const { labelNames } = registry.getSingleMetric(name) as unknown as { labelNames: string[] };
    if (String(type) !== 'histogram') series.set(name, { labels: labelNames });
    else
      for (const [suffix, more] of [
        ['_bucket', ['le']],
        ['_sum', []],
        ['_count', []],
      ] as const)
        series.set(`${name}${suffix}`, { labels: [...labelNames, ...more] });
  }
  return series;
}

/** Labels that Prometheus adds, or that a query is about. */
const OF_TARGETS = ['job', 'instance', 'cluster', 'namespace'];

test.each(expressions)('%s names only metrics and labels that exist: %s', async (_, expression) => {
  const known = await exportedSeries();
  const selectors = [...expression.matchAll(/\b((?:posthorn|process|nodejs)_[a-z0-9_]+)(?:\{([^}]*)\})?/g)];

  for (const [, name, matchers = ''] of selectors) {
    expect([...known.keys()]).toContain(name);
    const named = [...matchers.matchAll(/([a-z_]+)\s*(?:=~|=|!=|!~)/g)].map(([, label]) => label!);
    expect([...known.get(name!)!.labels, ...OF_TARGETS]).toEqual(expect.arrayContaining(named));
  }
  const grouped = [...expression.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, names]) => names!.split(', '));
  const labels = selectors.flatMap(([, name]) => known.get(name!)!.labels);
  expect([...labels, ...OF_TARGETS]).toEqual(expect.arrayContaining(grouped));
});

test('each expression names a metric of Posthorn, so that the test above checks something', () => {
  const others = expressions.filter(([, expression]) => !/posthorn_|process_|nodejs_/.test(expression));
  expect(others.map(([, expression]) => expression)).toEqual([
    'up{job=~".*posthorn.*"} == 0',
    ...tests.flatMap(({ input_series }) =>
      input_series.map(({ series }) => series).filter((series) => series.startsWith('up{')),
    ),
  ]);
});

test.each(alerts)(
  '$alert says how urgent it is, and leads to what to do',
  ({ alert, labels, annotations }) => {
    expect(labels.severity).toMatch(/^(critical|warning)$/);
    expect(annotations.summary).not.toBe('');
    expect(annotations.runbook_url).toBe(
      `https://posthorn.example/docs/operations.md#${alert.toLowerCase()}`,
    );
    const text = operations.split(`\n### ${alert}\n`)[1];
    expect(text?.trim()).toMatch(labels.severity === 'critical' ? /^Critical\b/ : /^Warning\b/);
  },
);

test('docs/operations.md has the alerts in the order of the file, and no other', () => {
  const headings = [...operations.matchAll(/^### (Posthorn\w+)$/gm)].map(([, name]) => name);
  expect(headings).toEqual(alerts.map(({ alert }) => alert));
});

test('each alert has a test in which it is silent at first, and then fires', () => {
  const firing = tests.flatMap(({ promql_expr_test: [before, after] }) => {
    const name = /alertname="(\w+)"/.exec(after!.expr)?.[1];
    return before!.expr === after!.expr && before!.exp_samples.length === 0 && after!.exp_samples.length === 1
      ? [name]
      : [];
  });
  expect(new Set(firing)).toEqual(new Set(alerts.map(({ alert }) => alert)));
});

test('the graphs have a title, a description, the chosen data source and a place of their own', () => {
  expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
  expect(new Set(graphs.map(({ title }) => title)).size).toBe(graphs.length);
  const places = new Set<string>();
  for (const { description, targets, gridPos } of graphs) {
    expect(description).toMatch(/\.$/);
    for (const { expr, datasource } of targets!) {
      expect(datasource.uid).toBe(`\${datasource}`);
      expect(expr).toContain('job=~"$job"');
    }
    const { x, y, w, h } = gridPos;
    expect(x + w).toBeLessThanOrEqual(24);
    for (let column = x; column < x + w; column++)
      for (let line = y; line < y + h; line++) {
        expect(places).not.toContain(`${column} ${line}`);
        places.add(`${column} ${line}`);
      }
  }
});

testWithPromtool('promtool accepts the rules', () => {
  const { status, stdout, stderr } = runPromtool('check', 'rules', 'posthorn.rules.yml');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain(`SUCCESS: ${alerts.length} rules found`);
});

testWithPromtool('each alert is silent while all is well and fires when it should', () => {
  const { status, stdout, stderr } = runPromtool('test', 'rules', 'posthorn.rules.test.yml');
  expect({ status, output: stderr + stdout }).toMatchObject({
    status: 0,
    output: expect.stringContaining('SUCCESS'),
  });
});
