import type { Recovery } from '../../../sdk/typescript/src/models.ts';
import { render } from '../../../src/cli/client/output/lines.ts';
import { describePreview, progressLine } from '../../../src/cli/client/recover/progress.ts';

const PREVIEW = { matches: 1204, capped: false, oldestAt: null, newestAt: null, endpoints: 1 };

test('a preview says how much would be sent, where to, and how long that takes', () => {
  expect(describePreview(PREVIEW, 'delivery')).toBe(
    '1,204 deliveries to 1 endpoint; at 50 a second about 25 s.',
  );
  expect(describePreview({ ...PREVIEW, matches: 1, endpoints: 2 }, 'event', 10)).toBe(
    '1 event to 2 endpoints; at 10 a second about 1 s.',
  );
  expect(describePreview({ ...PREVIEW, capped: true }, 'delivery', 1)).toMatch(
    /^At least 1,204 deliveries .* about 20 m 4 s\.$/,
  );
});

const RECOVERY = {
  status: 'running',
  total: 1204,
  done: 600,
  skipped: 2,
  delivered: 571,
  undeliverable: 0,
  open: 29,
} as Recovery;
const textOf = (changes: Partial<Recovery>) => render(progressLine({ ...RECOVERY, ...changes }), false);

test('the bar shows the share of what is sent or skipped', () => {
  expect(textOf({})).toBe(
    `${'█'.repeat(12)}${'░'.repeat(12)}  600 of 1,204 sent · 571 delivered · 29 open · 2 skipped`,
  );
});

test('it is empty while the recovery is being counted, and full when it is done', () => {
  expect(textOf({ total: null, done: 0, skipped: 0, delivered: 0, open: 0 })).toBe(
    `${'░'.repeat(24)}  0 of … sent · 0 delivered`,
  );
  expect(textOf({ total: 0, done: 0, skipped: 0, delivered: 0, open: 0, status: 'done' })).toMatch(/^█{24} /);
});

test('a recovery that somebody pauses or cancels says so', () => {
  expect(textOf({ status: 'paused' })).toMatch(/ · paused$/);
  expect(textOf({ status: 'cancelled', undeliverable: 3 })).toMatch(/ · 3 undeliverable · .* · cancelled$/);
});
