import { serializePolicy } from '../../../src/policy/retry-policy.ts';
import type { NewDelivery } from '../../../src/store/events/accept/accept-events.ts';

export const POLICY = serializePolicy({ delays: [60], timeout: 15, jitter: 0 });
let last = 0;

/** Deliveries of one event each, to a healthy receiver. */
export const newDeliveries = (count: number, changes: Partial<NewDelivery> = {}): NewDelivery[] =>
  Array.from({ length: count }, () => ({
    id: `dlv_${++last}`,
    projectId: 'prj_a',
    eventId: `evt_${last}`,
    type: 'a.b',
    endpointId: 'ep_a',
    receiver: 'ep_a',
    consumer: null,
    policy: POLICY,
    ordered: false,
    lane: 'fast',
    waitingFor: null,
    draft: {} as NewDelivery['draft'],
    details: null,
    createdAt: new Date(),
    ...changes,
  }));

export const assignedOf = (deliveries: NewDelivery[]) =>
  deliveries.map(({ id, eventId, type }) => ({ id, step: 0, eventId, type }));
