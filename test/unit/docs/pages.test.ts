import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { environmentSchema } from '../../../src/config/variables.ts';
import { createMetrics } from '../../../src/observability/metrics.ts';
import { DEFAULT_QUOTAS } from '../../../src/policy/quotas.ts';

const root = join(__dirname, '../../..');
const read = (page: string): string => readFileSync(join(root, page), 'utf8');
const pagesIn = (folder: string): string[] =>
  readdirSync(join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(folder, name));

const DECISIONS = pagesIn('docs/decisions').toSorted();
const PAGES = [
  ...pagesIn('.'),
  'sdk/README.md',
  'packages/temporal/README.md',
  'packages/temporal/samples/README.md',
  'deploy/helm/posthorn/README.md',
  ...pagesIn('docs'),
  ...pagesIn('docs/providers'),
  ...DECISIONS,
];
const operations = read('docs/operations.md');

test('decisions are numbered from 1, each number once, and have it in their titles', () => {
  const numbers = DECISIONS.map((page) => /(\d{4})-[a-z0-9-]+\.md$/.exec(page)?.[1]);
  expect(numbers).toEqual(DECISIONS.map((_, index) => String(index + 1).padStart(4, '0')));
  for (const [index, page] of DECISIONS.entries())
    expect(read(page)).toMatch(new RegExp(`^# ${numbers[index]}: `));
});

/** As GitHub makes the anchor of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

test.each(PAGES)('every link of %s leads to a page, and to a heading of it', (page) => {
  const broken = [...read(page).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)].filter(
    ([, path, anchor]) => {
      const target = path ? join(dirname(page), path) : page;
      if (!existsSync(join(root, target))) return true;
      const headings = anchor ? [...read(target).matchAll(/^#+ (.*)$/gm)] : [];
      return anchor !== undefined && !headings.some(([, heading]) => anchorOf(heading!) === anchor);
    },
  );
  expect(broken.map(([link]) => link)).toEqual([]);
});

test('docs/configuration.md has every variable', () => {
  const rows = [...read('docs/configuration.md').matchAll(/^\| (`[A-Z][A-Z0-9_]+`(?:, `[A-Z0-9_]+`)*) \|/gm)];
  const named = rows.flatMap(([, names]) => names!.replaceAll('`', '').split(', '));
  expect(named.toSorted()).toEqual(Object.keys(environmentSchema.shape).toSorted());
});

test('docs/operations.md has every quota with its default', () => {
  const rows = [...operations.matchAll(/^\| ((?:`[a-zA-Z…]+`(?:, )?)+) \| ([\d, ]+) \|/gm)];
  const documented = rows.flatMap(([, names, numbers]) => {
    const [first, ...rest] = names!.replaceAll('`', '').split(', ');
    const whole = [first!, ...rest.map((name) => name.replace('…', first!))];
    return whole.map((name, index): [string, number] => [name, Number(numbers!.split(', ')[index])]);
  });
  expect(Object.fromEntries(documented)).toEqual(DEFAULT_QUOTAS);
});

test('docs/operations.md has every metric, and no other', async () => {
  const known = (await createMetrics('all').registry.getMetricsAsJSON()).map(({ name }) => name);
  const named = new Set(operations.match(/\bposthorn_[a-z_]+/g));
  expect([...named].toSorted()).toEqual(known.filter((name) => name.startsWith('posthorn_')).toSorted());
});
