import { serializePolicy } from '../../../src/policy/retry-policy.ts';
import type { NewDelivery } from '../../../src/store/events/accept/match-receivers.ts';
import type { EventDraft } from '../../../src/store/events/event-draft.ts';

const POLICY = serializePolicy({ delays: [60], timeout: 15, jitter: 0 });
let last = 0;

export const draftWith = (body: Buffer): EventDraft => ({
  projectId: 'prj_a',
  id: `evt_${++last}`,
  type: 'a.b',
  consumer: null,
  attributes: { region: 'eu' },
  data: Buffer.from('{}'),
  body,
  contentHash: Buffer.alloc(0),
  profile: 'standard-webhooks',
  profileVersion: 1,
  policy: POLICY,
  target: null,
  endpoint: null,
  test: false,
  createdAt: new Date(),
});

/** A delivery to a healthy endpoint, as the match returns it with details. */
export function matchedDelivery(changes: Partial<NewDelivery> = {}): NewDelivery {
  const draft = changes.draft ?? draftWith(Buffer.from('{}'));
  return {
    id: `dlv_${++last}`,
    draft,
    projectId: draft.projectId,
    eventId: draft.id,
    type: draft.type,
    endpointId: 'ep_a',
    receiver: 'ep_a',
    consumer: null,
    policy: POLICY,
    ordered: false,
    lane: 'fast',
    waitingFor: null,
    createdAt: draft.createdAt,
    details: {
      url: 'https://receiver.example/',
      secrets: Buffer.from('sealed'),
      headers: null,
      tlsVersion: null,
      oauth: null,
      readAt: performance.now(),
    },
    ...changes,
  };
}
