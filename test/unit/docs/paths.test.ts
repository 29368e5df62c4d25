import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../../..');
const PAGES = globSync(
  ['*.md', 'docs/**/*.md', '.github/*.md', 'sdk/*.md', 'packages/**/*.md', 'deploy/**/*.md'],
  {
    cwd: root,
  },
)
  .map((page) => page.replaceAll('\\', '/'))
  .toSorted();
const FOLDERS =
  'src|workflows|activities|migrations|scripts|bench|bin|test|docs|sdk|packages|deploy|\\.ci|\\.github';
const PATH = new RegExp(`^(?:${FOLDERS})(?:/[\\w.-]+)*/?$`);

test.each(PAGES)('every path that %s names in backticks exists', (page) => {
  const named = [...readFileSync(join(root, page), 'utf8').matchAll(/`([^`\s]+)`/g)].map(([, path]) => path!);
  const paths = named.filter((path) => PATH.test(path));
  expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test('docs/architecture.md lists every folder of src, and no other', () => {
  const table = readFileSync(join(root, 'docs/architecture.md'), 'utf8').split('\n## ')[1]!;
  const listed = [...table.matchAll(/^\| `(src\/[^`]+)` \| \S/gm)].map(([, folder]) => folder!);
  const folders = globSync('src/**/*.ts', { cwd: root }).flatMap((file) => {
    const parts = file.replaceAll('\\', '/').split('/').slice(0, -1);
    return parts.slice(1).map((_, index) => parts.slice(0, index + 2).join('/'));
  });
  expect(listed).toEqual([...new Set(folders)].toSorted());
});
