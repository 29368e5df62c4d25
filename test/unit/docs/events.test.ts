import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { delivery } from '../../../src/api/deliveries/delivery-schemas.ts';
import { newEvent } from '../../../src/api/events/event-schemas.ts';
import { DELIVERY_STATUSES, EVENT_STATUSES } from '../../../src/policy/outcome.ts';
import { OUTCOME_KINDS } from '../../../src/store/outcomes/outcome-filter.ts';

const page = readFileSync(join(__dirname, '../../../docs/events.md'), 'utf8');

/** What stands in backticks in a column of the first table after `start`. */
function namesIn(start: string, column = 0): string[] {
  const [table] = /^\|[\s\S]*?\n\n/m.exec(page.slice(page.indexOf(start)))!;
  const rows = table.trim().split('\n').slice(2);
  return rows.flatMap((row) =>
    [...row.split(' | ')[column]!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!),
  );
}

test('docs/events.md has every member of a new event', () => {
  expect(namesIn('| member |').toSorted()).toEqual(Object.keys(newEvent.shape).toSorted());
});

test('docs/events.md has every status of a delivery and of an event', () => {
  expect(namesIn('| `status` of a delivery |').toSorted()).toEqual(DELIVERY_STATUSES.toSorted());
  expect(namesIn('| `status` of an event |').toSorted()).toEqual(EVENT_STATUSES.toSorted());
});

test('docs/events.md says what to do for every reason of a delivery', () => {
  const reasons = [...delivery.shape.reason.description!.matchAll(/`(\w+)`/g)].map(([, reason]) => reason!);
  expect(namesIn('| `status` | `reason` |', 1).toSorted()).toEqual(reasons.toSorted());
});

test('docs/events.md has every event of the stream of outcomes', () => {
  expect(namesIn('| event name |').toSorted()).toEqual(OUTCOME_KINDS.toSorted());
});
