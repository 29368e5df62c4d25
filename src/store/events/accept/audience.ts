import type { EventDraft } from '../event-draft.ts';

/** What decides which endpoints an event matches. */
export type Routing = Pick<EventDraft, 'projectId' | 'consumer' | 'type' | 'endpoint'>;

/** The events that match the same endpoints. */
export type Audience = Routing & {
  /** The same for every transaction. */
  key: string;
  /** `index` is the place among all drafts. */
  drafts: { draft: EventDraft; index: number }[];
};

/** The audiences of the drafts that go to endpoints. Endpoints are matched once for each, however many drafts it has. */
export function audiencesOf(drafts: EventDraft[]): Audience[] {
  const audiences = new Map<string, Audience>();
  for (const [index, draft] of drafts.entries()) {
    if (draft.target) continue;
    const { projectId, consumer, type, endpoint } = draft;
    // No text in Postgres contains this character.
    const key = [projectId, consumer, type, endpoint].join('\0');
    const audience = audiences.get(key);
    if (audience) audience.drafts.push({ draft, index });
    else audiences.set(key, { key, projectId, consumer, type, endpoint, drafts: [{ draft, index }] });
  }
  return [...audiences.values()];
}
