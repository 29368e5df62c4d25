import { spacedTicks } from '../../../../dashboard/src/charts/spaced-ticks.ts';

test('of two ticks whose texts would touch, the first of a month stays', () => {
  // 27, 29 and 31 October, 1 and 3 November, 30 pixels a day.
  expect(spacedTicks([0, 60, 120, 150, 210], (pixels) => pixels, 55)).toEqual([0, 60, 150, 210]);
  expect(spacedTicks([0, 60, 120], (pixels) => pixels, 55)).toEqual([0, 60, 120]);
  expect(spacedTicks([], () => 0, 55)).toEqual([]);
});
