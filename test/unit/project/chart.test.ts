import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { environmentSchema } from '../../../src/config/variables.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';
import { serveMetrics } from '../../../src/observability/serve-metrics.ts';
import { serveHealth } from '../../../src/service/serve-health.ts';
import { chart, root, templates, VALUE_SETS, valueSet, values, valuesSchema } from '../chart/chart-files.ts';

// What can be checked of the Helm chart without Helm; test/unit/chart renders it.

const validate = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true }).compile(valuesSchema);
const errorsOf = (given: object) => {
  validate(given);
  return validate.errors ?? [];
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** As Helm merges the values of a user with those of the chart. */
const merged = (defaults: Record<string, unknown>, given: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.keys({ ...defaults, ...given }).map((key) => {
      const [base, over] = [defaults[key], given[key]];
      if (isObject(base) && isObject(over)) return [key, merged(base, over)];
      return [key, key in given ? over : base];
    }),
  );

/** The paths of all values that the schema describes, such as `api.autoscaling.enabled`. */
const pathsOf = (schema: { properties?: Record<string, object> }, path: string[] = []): string[] =>
  schema.properties
    ? Object.entries(schema.properties).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))
    : [path.join('.')];
const valueAt = (path: string[]): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], values);

test('the chart and its image have the version of package.json', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  expect(chart).toMatchObject({ version, appVersion: version });
  expect(values.image).toMatchObject({ tag: '' });
});

test('the chart has the alerts of deploy/prometheus: Helm reads no file outside of it', () => {
  const [shipped, copy] = ['prometheus', 'helm/posthorn/files'].map((folder) =>
    readFileSync(join(root, 'deploy', folder, 'posthorn.rules.yml'), 'utf8'),
  );
  expect(copy).toBe(shipped);
});

test('the schema accepts the values of the chart and each set that is tested', () => {
  expect(errorsOf(values)).toEqual([]);
  for (const set of VALUE_SETS) expect(errorsOf(merged(values, valueSet(set) as never))).toEqual([]);
});

test('the schema accepts the values in docs/kubernetes.md', () => {
  const page = readFileSync(join(root, 'docs/kubernetes.md'), 'utf8');
  const examples = [...page.matchAll(/```yaml\n# values\.yaml\n(.*?)```/gs)].map(([, text]) => parse(text!));
  expect(examples).toHaveLength(1);
  for (const example of examples) expect(errorsOf(merged(values, example))).toEqual([]);
});

test.each<[string, object]>([
  ['a misspelled value', { workers: { replicas: 3 } }],
  ['a misspelled variable', { config: { POSTHORN_RETENTOIN: '30d' } }],
  ['the database URL among the values', { config: { DATABASE_URL: 'postgres://u:p@h/d' } }],
  ['a private key among the values', { config: { TEMPORAL_TLS_KEY: '-----BEGIN PRIVATE KEY-----' } }],
  ['a variable that YAML reads as a boolean', { config: { POSTHORN_LISTENERS: false } }],
  ['a process without a health port', { config: { POSTHORN_HEALTH_PORT: null } }],
  ['an invalid digest', { image: { digest: 'sha256:1234' } }],
  ['no time to stop', { worker: { terminationGracePeriodSeconds: 5 } }],
])('the schema refuses %s', (_, given) => {
  expect(errorsOf(merged(values, given as never))).not.toEqual([]);
});

test('each variable can be set, and the secret ones only through the Secret', () => {
  const { config, secret } = valuesSchema.properties;
  const [plain, keys] = [Object.keys(config.properties), Object.keys(secret.properties.keys.properties)];
  const variables = Object.keys(environmentSchema.shape);
  expect([...new Set([...plain, ...keys])].toSorted()).toEqual(variables.toSorted());
  expect(variables.filter((name) => !plain.includes(name)).toSorted()).toEqual([
    'DATABASE_DIRECT_URL',
    'DATABASE_URL',
    'POSTHORN_ADMIN_KEY',
    'POSTHORN_EGRESS_PROXY',
    'POSTHORN_ENCRYPTION_KEYS',
    'POSTHORN_OTLP_HEADERS',
    'TEMPORAL_API_KEY',
  ]);
});

test('the templates name only variables that exist', () => {
  const named = templates.flatMap(
    (text) => text.match(/\b(?:POSTHORN|TEMPORAL|DATABASE)_[A-Z0-9_]+\b/g) ?? [],
  );
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => !(name in environmentSchema.shape))).toEqual([]);
});

test('each value has a default and is used, and no other is', () => {
  const text = templates.join('\n');
  const paths = pathsOf(valuesSchema).filter((path) => !/^(config|secret\.keys)\.|^global$/.test(path));
  expect(paths.length).toBeGreaterThan(60);
  const hasNoDefault = (path: string) => valueAt(path.split('.')) === undefined;
  expect(paths.filter(hasNoDefault)).toEqual([]);
  expect(paths.filter((path) => !text.includes(`.${path.split('.').at(-1)}`))).toEqual([]);
  const used = [...text.matchAll(/\.Values\.([\w.]+)/g)].map(([, path]) => path!.split('.'));
  expect(used.filter((path) => path[0] !== 'config' && valueAt(path) === undefined)).toEqual([]);
});

test('workers are scaled by a metric that Posthorn has', async () => {
  const known = (await createMetrics().registry.getMetricsAsJSON()).map(({ name }) => name);
  expect(known).toContain(values.worker.autoscaling.backlog.metricName);
});

test('the paths of probes and metrics are served', async () => {
  const text = templates.join('\n');
  const probes = [...text.matchAll(/httpGet: \{ path: (\S+), port: (\w+) \}/g)].map(([, path, port]) => [
    path,
    port,
  ]);
  expect(new Set(probes.map(([, port]) => port))).toEqual(new Set(['health']));
  const health = await serveHealth(0, '127.0.0.1', async () => ({ ready: true, components: {} }));
  const metrics = await serveMetrics(0, '127.0.0.1', createMetrics().registry);
  try {
    const statusOf = async (port: number, path: string) =>
      (await fetch(`http://127.0.0.1:${port}${path}`)).status;
    for (const path of new Set(probes.map(([path]) => path!)))
      expect([path, await statusOf(health.port, path)]).toEqual([path, 200]);
    const [, path] = /^ +path: (\/metrics)$/m.exec(text)!;
    expect(await statusOf(metrics.port, path!)).toBe(200);
  } finally {
    await Promise.all([health.close(), metrics.close()]);
  }
});
