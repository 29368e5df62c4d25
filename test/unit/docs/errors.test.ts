import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorDocs } from '../../../scripts/error-docs.ts';
import { OUTCOMES } from '../../../src/policy/outcome.ts';

test('docs/errors.md is up to date with the problem codes', () => {
  expect(readFileSync(join(__dirname, '../../../docs/errors.md'), 'utf8')).toBe(errorDocs());
});

test.each(OUTCOMES)('docs/errors.md explains the outcome %s', (outcome) => {
  expect(errorDocs()).toContain(`| \`${outcome}\` |`);
});
