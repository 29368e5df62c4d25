import { axisTicks } from '../../../../dashboard/src/charts/axis-ticks.ts';
import { MARGIN } from '../../../../dashboard/src/charts/plot.ts';
import { pointTime } from '../../../../dashboard/src/charts/point-time.ts';

const DAY = 86_400_000;
const points = (from: string, stepMs: number, count: number) => ({
  at: Array.from({ length: count }, (_, index) => Date.parse(from) + index * stepMs),
  stepMs,
});
const WIDTHS = [280, 340, 620, 1_000, 1_600];

test.each(['2026-11-01', '2026-02-01', '2024-02-01', '2026-12-02', '2026-03-15'])(
  'the text of a day stands below its bar, also at the end of a month, for 30 days from %s',
  (from) => {
    const data = points(`${from}T00:00:00Z`, DAY, 30);
    for (const width of WIDTHS) {
      const ticks = axisTicks(data, width, false);
      const perBar = (width - MARGIN.left - MARGIN.right) / 30;
      expect(ticks.length).toBeGreaterThanOrEqual(2);
      for (const { x, text } of ticks) {
        const index = Math.floor((x - MARGIN.left) / perBar);
        const day = new Date(data.at[index]!).toLocaleString('en-GB', {
          day: 'numeric',
          month: 'short',
          timeZone: 'UTC',
        });
        expect([width, text]).toEqual([width, day]);
        expect(pointTime({ ...data, settledUntil: 0, beginsAt: 0, series: [] }, index, true)).toBe(day);
      }
    }
  },
);

test('the end of the last day, which is the beginning of the next, has no text below what happened before it', () => {
  const data = points('2026-11-24T00:00:00Z', 6 * 3_600_000, 28);
  for (const width of WIDTHS) {
    const texts = axisTicks(data, width, true).map(({ text }) => text);
    expect(texts).not.toContain('1 Dec');
    expect(texts.length).toBeGreaterThan(1);
  }
});

test('finer times stand where they are, and no text is cut off or touches another', () => {
  const data = points('2026-11-30T21:00:00Z', 300_000, 72);
  for (const width of WIDTHS) {
    const ticks = axisTicks(data, width, true);
    for (const [index, { x, text }] of ticks.entries()) {
      const share = (x - MARGIN.left) / (width - MARGIN.left - MARGIN.right);
      const at = new Date(data.at[0]! + share * 6 * 3_600_000).toISOString();
      expect(text).toBe(at.slice(11, 16) === '00:00' ? '1 Dec' : at.slice(11, 16));
      expect(x + 20).toBeLessThanOrEqual(width);
      if (index > 0) expect(x - ticks[index - 1]!.x).toBeGreaterThanOrEqual(62);
    }
  }
  expect(axisTicks({ at: [], stepMs: DAY }, 600, true)).toEqual([]);
});
