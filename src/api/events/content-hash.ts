import { hash } from 'node:crypto';
import type { EventDraft } from '../../store/events/event-draft.ts';

type Content = Pick<EventDraft, 'type' | 'data' | 'consumer' | 'attributes' | 'target'> & {
  /** The time at which the event expires, or its time to live. */
  expiry?: string | undefined;
};

/**
 * SHA-256 of everything that must be equal when an event id is posted again. The first line is JSON, which contains no
 * line break, and the rest is `data` byte for byte, so different contents never produce the same input.
 */
export function contentHash({ type, data, consumer, attributes, target, expiry }: Content): Buffer {
  const sorted = Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  const members = [type, consumer, sorted, target && [target.url, target.secret]];
  // Events that do not expire keep the hashes that they had before there was an expiry.
  const line = JSON.stringify(expiry === undefined ? members : [...members, expiry]);
  // A hash that Node returns as a Buffer has memory of its own, which costs more than decoding it from text.
  return Buffer.from(hash('sha256', Buffer.concat([Buffer.from(`${line}\n`), data]), 'base64'), 'base64');
}
