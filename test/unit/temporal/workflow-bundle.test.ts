import { appendFileSync, cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BUNDLE_SOURCES,
  buildBundle,
  bundleCachePath,
  cachedBundle,
} from '../../../src/temporal/bundle/workflow-bundle.ts';

jest.setTimeout(120_000);

const root = join(__dirname, '../../..');
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-bundle-'));
  for (const file of [...sources(), 'node_modules/.package-lock.json']) {
    cpSync(join(root, file), join(folder, file), { recursive: true });
  }
});
afterEach(() => rmSync(folder, { recursive: true }));

const sources = () => BUNDLE_SOURCES.flatMap((pattern) => globSync(pattern, { cwd: root }));

test('the same files have the same bundle, wherever they are', () => {
  expect(bundleCachePath(folder)).toBe(bundleCachePath());
});

test.each(['workflows/index.ts', 'src/policy/retry-policy.ts', 'node_modules/.package-lock.json'])(
  'a bundle of before is not taken when %s has changed',
  (file) => {
    appendFileSync(join(folder, file), ' ');
    expect(bundleCachePath(folder)).not.toBe(bundleCachePath());
  },
);

test('a file that is new, or gone, makes another bundle', () => {
  writeFileSync(join(folder, 'src/policy/added.ts'), '');
  expect(bundleCachePath(folder)).not.toBe(bundleCachePath());
});

test('without the note of what npm installed nothing is kept', () => {
  rmSync(join(folder, 'node_modules/.package-lock.json'));
  expect(bundleCachePath(folder)).toBeUndefined();
});

test('a bundle is made of no other files of ours, is kept, and not taken when it is cut short', async () => {
  const { code } = cachedBundle() ?? (await buildBundle());
  const [, map] = /sourceMappingURL=data:application\/json;charset=utf-8;base64,(\S+)/.exec(code)!;
  const bundled = (JSON.parse(Buffer.from(map!, 'base64').toString()) as { sources: string[] }).sources
    .filter((source) => !/node_modules|^webpack:\/\/[^/]*\/webpack\//.test(source))
    .filter((source) => source.endsWith('.ts'));
  const known = sources();
  expect(bundled.length).toBeGreaterThan(5);
  for (const source of bundled) expect(known.some((file) => source.endsWith(file))).toBe(true);

  expect(cachedBundle()?.code).toBe(code);
  const cut = join(folder, 'cut.txt');
  writeFileSync(cut, readFileSync(bundleCachePath()!, 'utf8').slice(0, -100));
  expect(cachedBundle(cut)).toBeUndefined();
});
