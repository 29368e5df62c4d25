import fc from 'fast-check';
import { laneAxis, spreadMarks } from '../../../../dashboard/src/delivery/timeline/lane-axis.ts';

const NOW = Date.parse('2026-11-21T12:00:00.000Z');

describe('the timeline', () => {
  test('later times are further right, and all stay on the axis', () => {
    const times = fc.array(fc.integer({ min: NOW, max: NOW + 400 * 86_400_000 }), { minLength: 1 });
    fc.assert(
      fc.property(times, (all) => {
        const axis = laneAxis(NOW, all);
        const places = all.toSorted((a, b) => a - b).map(axis.position);
        expect(places).toEqual(places.toSorted((a, b) => a - b));
        expect(places.every((place) => place >= 0 && place <= 1)).toBe(true);
      }),
    );
  });

  test('the delays of a policy are apart enough to be read', () => {
    const axis = laneAxis(
      NOW,
      [0, 60, 360, 2_160, 9_360].map((seconds) => NOW + seconds * 1_000),
    );
    const places = [60, 360, 2_160, 9_360].map((seconds) => axis.position(NOW + seconds * 1_000));
    for (const [index, place] of places.entries())
      expect(place - (places[index - 1] ?? 0)).toBeGreaterThan(0.15);
  });

  test('marks keep their distance and their order wherever they fit', () => {
    expect(spreadMarks([0, 1, 2, 300], 50, 400)).toEqual([0, 50, 100, 300]);
    expect(spreadMarks([380, 390, 400], 50, 400)).toEqual([300, 350, 400]);
    expect(spreadMarks([], 50, 400)).toEqual([]);
  });
});
