import { parseDuration } from '../../policy/duration.ts';
import type { EventInput } from './event-schemas.ts';

/**
 * When a posted event expires, and how that counts as content: a time to live means another time at each repetition, but
 * is the same content.
 */
export function expiryOf(
  { expiresAt, ttl }: Pick<EventInput, 'expiresAt' | 'ttl'>,
  receivedAt: Date,
): { expiresAt?: Date; expiry?: string } {
  if (expiresAt !== undefined) {
    const at = new Date(expiresAt);
    return { expiresAt: at, expiry: at.toISOString() };
  }
  if (ttl === undefined) return {};
  const seconds = parseDuration(ttl)!;
  return { expiresAt: new Date(receivedAt.getTime() + seconds * 1000), expiry: `${seconds}s` };
}
