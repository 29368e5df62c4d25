import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROBLEM_CODES } from '../../src/api/problem-codes.ts';

test('docs/errors.md explains every code of the table, in its words, and no other', () => {
  const page = readFileSync(join(__dirname, '../../docs/errors.md'), 'utf8');
  const [, ...sections] = page.split('\n## ').map((section) => section.trim());
  expect(sections).toEqual(
    Object.entries(PROBLEM_CODES).map(
      ([code, { status, title, help }]) => `\`${code}\` (${status})\n\n${title}.\n\n${help}`,
    ),
  );
});
