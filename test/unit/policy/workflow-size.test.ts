import {
  MAX_DELIVERIES,
  MAX_RETRIES,
  MAX_SHORT_DELAY_DELIVERIES,
  maxDeliveriesOf,
} from '../../../src/policy/workflow-size.ts';

const delays = (count: number): number[] => Array.from({ length: count }, () => 60);

test.each([
  [0, MAX_DELIVERIES],
  [1, MAX_DELIVERIES],
  [5, MAX_DELIVERIES],
  [10, MAX_DELIVERIES],
  [11, 181],
  [20, 100],
])('with %i delays, up to %i deliveries share a workflow', (count, size) => {
  expect(maxDeliveriesOf({ delays: delays(count), timeout: 15, jitter: 0 })).toBe(size);
});

test('the retries of a full workflow fit into a history', () => {
  for (let count = 0; count <= 20; count++) {
    const policy = { delays: delays(count), timeout: 15, jitter: 1 };
    expect(maxDeliveriesOf(policy) * count).toBeLessThanOrEqual(MAX_RETRIES);
  }
});

test.each([
  [[60, 14], MAX_SHORT_DELAY_DELIVERIES],
  [[60, 15], MAX_DELIVERIES],
])('the delays %j with a timeout of 15 s allow %i deliveries', (seconds, size) => {
  expect(maxDeliveriesOf({ delays: seconds, timeout: 15, jitter: 0 })).toBe(size);
});
