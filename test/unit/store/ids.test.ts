import { deliveryId, newId, sortableId } from '../../../src/store/postgres/ids.ts';

const NOW = Date.UTC(2026, 2, 26);

test('an id has its prefix and 26 characters', () => {
  expect(newId('evt', NOW)).toMatch(/^evt_[0-9a-hjkmnp-tv-z]{26}$/);
});

test('ids sort by their time, to the millisecond', () => {
  const ids = Array.from({ length: 300 }, (_, ms) => sortableId(NOW + ms));

  expect(ids.toSorted()).toEqual(ids);
});

test('ids of the same millisecond have the same time part and different random parts', () => {
  const ids = Array.from({ length: 2_000 }, () => sortableId(NOW));

  expect(new Set(ids.map((id) => id.slice(0, 10))).size).toBe(1);
  expect(new Set(ids.map((id) => id.slice(10))).size).toBe(2_000);
});

test('every character occurs at every random position', () => {
  const randomParts = Array.from({ length: 2_000 }, () => sortableId(NOW).slice(10));

  for (let position = 0; position < 16; position++)
    expect(new Set(randomParts.map((part) => part[position])).size).toBe(32);
});

test('ids of deliveries increase within a millisecond, and begin anew at random in the next', () => {
  const ids = [NOW, NOW + 1].flatMap((ms) => Array.from({ length: 2_000 }, () => deliveryId(ms)));

  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(4_000);
  expect(ids[0]).toMatch(/^dlv_[0-9a-hjkmnp-tv-z]{26}$/);
  expect(ids[2_000]!.slice(14, 24)).not.toBe(ids[0]!.slice(14, 24));
});
