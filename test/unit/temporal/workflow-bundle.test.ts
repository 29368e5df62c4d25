import { appendFileSync, cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  BUNDLE_SOURCES,
  buildBundle,
  bundleCachePath,
  cachedBundle,
} from '../../../src/temporal/bundle/workflow-bundle.ts';

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

test('the same files in another folder share a bundle', () => {
  expect(bundleCachePath(folder)).toBe(bundleCachePath());
});

test.each(['workflows/index.ts', 'src/policy/retry-policy.ts', 'node_modules/.package-lock.json'])(
  'the cached bundle is not used after %s has changed',
  (file) => {
    appendFileSync(join(folder, file), ' ');
    expect(bundleCachePath(folder)).not.toBe(bundleCachePath());
  },
);

test('the cached bundle is not used after a file was added', () => {
  writeFileSync(join(folder, 'src/policy/added.ts'), '');
  expect(bundleCachePath(folder)).not.toBe(bundleCachePath());
});

test('without the lock file of the installed packages nothing is cached', () => {
  rmSync(join(folder, 'node_modules/.package-lock.json'));
  expect(bundleCachePath(folder)).toBeUndefined();
});

test('a bundle contains no other source files, is cached, and is not used when the cache file is truncated', async () => {
  const { code } = cachedBundle() ?? (await buildBundle());
  const [, map] = /sourceMappingURL=data:application\/json;charset=utf-8;base64,(\S+)/.exec(code)!;
  const bundled = (JSON.parse(Buffer.from(map!, 'base64').toString()) as { sources: string[] }).sources
    .filter((source) => !/node_modules|^webpack:\/\/[^/]*\/webpack\//.test(source))
    .filter((source) => source.endsWith('.ts'));
  const known = sources();
  expect(bundled.length).toBeGreaterThan(5);
  for (const source of bundled) expect(known.some((file) => source.endsWith(file))).toBe(true);

  expect(cachedBundle()?.code).toBe(code);
  const truncated = join(folder, 'truncated.txt');
  writeFileSync(truncated, readFileSync(bundleCachePath()!, 'utf8').slice(0, -100));
  expect(cachedBundle(truncated)).toBeUndefined();
});
