import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONCEPTS } from '../../../src/api/docs/concepts.ts';

const root = join(__dirname, '../../..');
const page = readFileSync(join(root, 'docs/concepts.md'), 'utf8');

test('docs/concepts.md and the page of the API explain the same words alike', () => {
  const rows = [...page.matchAll(/^\| ([^|]+) \| ([^|]+) \|$/gm)].map(([, word, meaning]) => ({
    word,
    meaning,
  }));
  expect(rows.slice(1)).toEqual(CONCEPTS);
});

test('each word of a first look is there, and the README leads to it', () => {
  const words = CONCEPTS.map(({ word }) => word);
  const wanted = ['project', 'consumer', 'admin key', 'project key', 'consumer key', 'endpoint', 'event'];
  wanted.push('delivery', 'attempt', 'outcome', 'retry, resend, replay', 'unrouted', 'recovery');
  wanted.push('operational endpoint', 'erasure');
  expect(words).toEqual(wanted);
  expect(readFileSync(join(root, 'README.md'), 'utf8')).toContain('](docs/concepts.md)');
});
