import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { countActions, total } from '../../temporal-package/count-actions.ts';

const root = join(__dirname, '../../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const posthorn = (name: string) => countActions(read(`test/replay/histories/${name}.json`));
const packaged = (name: string) => countActions(read(`test/temporal-package/histories/${name}.json`));

/** The cells of a row of the tables of docs/temporal.md that begins with this text. */
function rowOf(label: string): string[] {
  const line = read('docs/temporal.md')
    .split('\n')
    .find((text) => text.startsWith(`| ${label} |`));
  return line!
    .split('|')
    .slice(2, -1)
    .map((cell) => cell.trim());
}

test('an event alone in its workflow costs what docs/temporal.md says', () => {
  const delivered = posthorn('delivered-at-once');
  const undeliverable = posthorn('undeliverable-after-five-attempts');

  expect(delivered).toEqual({ starts: 1, activities: 1 });
  expect(undeliverable).toEqual({ starts: 1, activities: 5, timers: 4, searchAttributes: 1 });
  expect(rowOf('`workflow`, one event')).toEqual([String(total(delivered)), String(total(undeliverable))]);
});

test('ten deliveries that share a workflow cost together what one costs', () => {
  const delivered = posthorn('fan-out-of-ten');
  const undeliverable = posthorn('ten-undeliverable-after-five-attempts');

  expect(delivered).toEqual(posthorn('delivered-at-once'));
  expect(undeliverable).toEqual(posthorn('undeliverable-after-five-attempts'));
  expect(rowOf('`workflow`, ten together')).toEqual([String(total(delivered)), String(total(undeliverable))]);
});

test('an express event costs nothing if it is delivered at once, and else what its workflow does', () => {
  const undeliverable = posthorn('undeliverable-after-an-express-attempt');

  expect(undeliverable).toEqual({ starts: 1, activities: 4, timers: 4, searchAttributes: 1 });
  expect(rowOf('`express`, one event')).toEqual(['0', String(total(undeliverable))]);
});

test('the operation of the package costs what docs/temporal.md says, with one action of the caller', () => {
  const delivered = packaged('deliver-at-once');
  const undeliverable = packaged('deliver-undeliverable');

  expect(delivered).toEqual({ starts: 1, activities: 1 });
  expect(undeliverable).toEqual({ starts: 1, activities: 5, timers: 4 });
  expect(rowOf('`deliver`')).toEqual([String(1 + total(delivered)), String(1 + total(undeliverable))]);
});

test('an event of a workflow that closes costs an activity and a marker', () => {
  const without = total(packaged('close-without-interceptor'));

  expect(packaged('close-completed')).toEqual({ starts: 1, activities: 1, markers: 1 });
  for (const name of ['close-completed', 'close-failed', 'close-cancelled'])
    expect(total(packaged(name)) - without).toBe(2);
  expect(rowOf('`closeEvents`')).toEqual(['2', '2']);
});
