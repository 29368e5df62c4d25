import { createHash } from 'node:crypto';
import type { EventDraft } from '../../store/events/event-draft.ts';

type Content = Pick<EventDraft, 'type' | 'data' | 'consumer' | 'attributes' | 'target'>;

/**
 * SHA-256 over what the same event id must mean. The first line is JSON, which holds no line break of its own, and
 * the rest is `data` as it came: two contents cannot give one text.
 */
export function contentHash({ type, data, consumer, attributes, target }: Content): Buffer {
  const sorted = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  const line = JSON.stringify([type, consumer, sorted, target && [target.url, target.secret]]);
  return createHash('sha256').update(line).update('\n').update(data).digest();
}
