import { suggestedEndpoints } from '../../../../dashboard/src/operator/event/suggested-endpoints.ts';
import type { Endpoint } from '../../../../sdk/typescript/src/models.ts';

test('an event that went nowhere is offered to the endpoints of its consumer, those that would get it first', () => {
  const endpoint = (id: string, consumer: string | null, events: string[], filter: object | null = null) =>
    ({ id, consumer, events, filter }) as unknown as Endpoint;
  const suggested = suggestedEndpoints({ type: 'render.failed', consumer: 'acme' }, [
    endpoint('other', 'globex', ['*']),
    endpoint('exact', 'acme', ['render.completed']),
    endpoint('filtered', 'acme', ['*'], {}),
    endpoint('prefix', 'acme', ['render.*']),
  ]);
  expect(suggested.map((one) => [one.endpoint.id, one.isSubscribed])).toEqual([
    ['prefix', true],
    ['exact', false],
    ['filtered', false],
  ]);
});
