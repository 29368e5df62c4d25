import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { GrafanaDashboard } from './grafana-dashboard.ts';
import { runPromtool, testWithPromtool } from './promtool.ts';

const root = join(__dirname, '../../..');
const text = readFileSync(join(root, 'deploy/grafana/posthorn.json'), 'utf8');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-grafana-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What the compiler says of a dashboard; empty if it has Grafana's types. */
function typeErrorsOf(json: string): string {
  const types = JSON.stringify(join(__dirname, 'grafana-dashboard.ts'));
  const file = join(folder, 'dashboard.ts');
  writeFileSync(
    file,
    `import type { GrafanaDashboard } from ${types};\nexport const dashboard: GrafanaDashboard = ${json};\n`,
  );
  const options = [
    '--strict',
    '--skipLibCheck',
    '--noEmit',
    '--allowImportingTsExtensions',
    '--target',
    'es2022',
  ];
  const modules = ['--module', 'nodenext', '--types', '', '--ignoreConfig'];
  return spawnSync(join(root, 'node_modules/.bin/tsc'), [...options, ...modules, file], { encoding: 'utf8' })
    .stdout;
}

test('the dashboard has the types that Grafana publishes for dashboards, panels and their options', () => {
  expect(typeErrorsOf(text)).toBe('');
});

test.each<[string, (dashboard: GrafanaDashboard) => unknown, string]>([
  ['a member that does not exist', (dashboard) => Object.assign(dashboard, { titel: 'x' }), 'titel'],
  ['a panel of another kind', ({ panels }) => Object.assign(panels[6]!, { type: 'graph' }), 'graph'],
  [
    'a placement of the legend that does not exist',
    ({ panels }) => Object.assign(optionsOf(panels[6]!).legend, { placement: 'left' }),
    'left',
  ],
  [
    'an option of a panel that does not exist',
    ({ panels }) => Object.assign(optionsOf(panels[1]!), { colourMode: 'value' }),
    'colourMode',
  ],
  ['a query without expression', ({ panels }) => delete targetsOf(panels[6]!)[0]!.expr, 'expr'],
])('%s is found', (_, change, named) => {
  const dashboard = JSON.parse(text) as GrafanaDashboard;
  change(dashboard);
  expect(typeErrorsOf(JSON.stringify(dashboard))).toContain(named);
});

const optionsOf = (panel: object) => (panel as { options: { legend: object } }).options;
const targetsOf = (panel: object) => (panel as { targets: { expr?: string }[] }).targets;

testWithPromtool('promtool parses each query of the dashboard', () => {
  const { panels, annotations } = JSON.parse(text) as GrafanaDashboard;
  const queries = [
    ...panels.flatMap((panel) => ('targets' in panel ? targetsOf(panel) : [])),
    ...annotations.list,
  ].map(({ expr }) => expr!.replaceAll('$__rate_interval', '5m').replaceAll('$job', '.*'));
  expect(queries.length).toBeGreaterThan(30);
  expect(queries.join()).not.toContain('$');

  const check = (exprs: string[]) => {
    const rules = exprs.map((expr, n) => ({ record: `query:${n}`, expr }));
    const file = join(folder, 'queries.yml');
    writeFileSync(file, stringify({ groups: [{ name: 'dashboard', rules }] }));
    return runPromtool('check', 'rules', file);
  };
  const { status, stdout, stderr } = check(queries);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toContain(`SUCCESS: ${queries.length} rules found`);
  expect(check([...queries, 'sum by (project) (rate(x[5m])']).status).not.toBe(0);
});
