import {
  countsOf,
  stateOf,
  stateOfEvent,
} from '../../../../dashboard/src/operator/events/event-summary-state.ts';
import type { Event, EventSummary } from '../../../../sdk/typescript/src/models.ts';

const NOTHING = {
  ...{ openCount: 0, deliveredCount: 0, undeliverableCount: 0, cancelledCount: 0 },
  ...{ retryingCount: 0, resentCount: 0, dismissedCount: 0 },
};
const event = (status: EventSummary['status'], counts: Partial<typeof NOTHING> = {}) => ({
  status,
  ...NOTHING,
  ...counts,
});
const UNKNOWN = { retryingCount: null, resentCount: null, dismissedCount: null };

test('an event is retrying while one of its deliveries is', () => {
  expect(stateOf(event('pending', { openCount: 1 }))).toBe('pending');
  expect(stateOf(event('pending', { openCount: 2, retryingCount: 1 }))).toBe('retrying');
});

test('a failed event is settled once all that failed was sent again or dismissed', () => {
  expect(stateOf(event('undeliverable', { undeliverableCount: 2, resentCount: 1 }))).toBe('undeliverable');
  expect(stateOf(event('undeliverable', { undeliverableCount: 2, resentCount: 2 }))).toBe('resent');
  expect(stateOf(event('undeliverable', { undeliverableCount: 2, resentCount: 1, dismissedCount: 1 }))).toBe(
    'resent',
  );
  expect(stateOf(event('undeliverable', { undeliverableCount: 1, dismissedCount: 1 }))).toBe('dismissed');
});

test('the counts say what became of each delivery once', () => {
  const counts = {
    deliveredCount: 3,
    openCount: 3,
    retryingCount: 2,
    undeliverableCount: 4,
    cancelledCount: 1,
  };
  expect(countsOf(event('pending', { ...counts, resentCount: 1, dismissedCount: 1 }))).toEqual([
    [3, 'delivered'],
    [2, 'retrying'],
    [1, 'other open'],
    [2, 'undeliverable'],
    [1, 'resent'],
    [1, 'dismissed'],
    [1, 'cancelled'],
  ]);
});

test('of an event with many deliveries only its status is known', () => {
  const many = { ...event('undeliverable', { undeliverableCount: 400, openCount: 2 }), ...UNKNOWN };
  expect(stateOf(many)).toBe('undeliverable');
  expect(stateOf({ ...many, status: 'pending' })).toBe('pending');
  expect(countsOf(many)).toEqual([
    [2, 'open'],
    [400, 'undeliverable'],
  ]);
});

test('an event that names its deliveries has the same state, and those that it does not name may have failed', () => {
  const failed = { status: 'undeliverable', replayedBy: null, dismissedAt: null };
  const stateIf = (deliveries: object[], deliveryCount = deliveries.length, status = 'undeliverable') =>
    stateOfEvent({ status, deliveries, deliveryCount } as Event);
  const resent = { ...failed, replayedBy: 'dlv_2' };
  const dismissed = { ...failed, dismissedAt: '2026-11-30T12:00:00.000Z' };
  expect(stateIf([failed, resent])).toBe('undeliverable');
  expect(stateIf([resent, dismissed, { status: 'delivered' }])).toBe('resent');
  expect(stateIf([dismissed])).toBe('dismissed');
  expect(stateIf([dismissed], 101)).toBe('undeliverable');
  expect(stateIf([{ status: 'retrying' }, failed], 2, 'pending')).toBe('retrying');
});
