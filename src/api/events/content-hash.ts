import { hash } from 'node:crypto';
import type { EventDraft } from '../../store/events/event-draft.ts';

type Content = Pick<EventDraft, 'type' | 'data' | 'consumer' | 'attributes' | 'target'>;

/**
 * SHA-256 of everything that must be equal when an event id is posted again. The first line is JSON, which contains no
 * line break, and the rest is `data` byte for byte, so different contents never produce the same input.
 */
export function contentHash({ type, data, consumer, attributes, target }: Content): Buffer {
  const sorted = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  const line = JSON.stringify([type, consumer, sorted, target && [target.url, target.secret]]);
  // A hash that Node returns as a Buffer has memory of its own, which costs more than decoding it from text.
  return Buffer.from(hash('sha256', Buffer.concat([Buffer.from(`${line}\n`), data]), 'base64'), 'base64');
}
