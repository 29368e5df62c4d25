import { Connection } from './connection.ts';
import type { Turn } from './connection-pool.ts';
import { type DialRules, dial } from './dial.ts';
import { type ExchangeEnd, type ExchangeLimits, exchange, type Post } from './exchange.ts';
import type { Origin } from './target-url.ts';

export type SendRules = DialRules &
  ExchangeLimits & {
    /** On the clock of performance.now(): no re-send begins after it. */
    startBy: number;
    maxRestMs: number;
  };

export type Sent = { kind: 'sent'; end: ExchangeEnd; resent: boolean } | { kind: 'no_socket' };

/**
 * Sends a request on the connection of its turn, or on a new one. A receiver may close a resting connection at the
 * moment in which it is used: one that fails before the first byte of an answer is replaced, once, by a fresh one.
 * Afterwards the turn holds what connection is left.
 */
export async function send(turn: Turn, origin: Origin, post: Post, rules: SendRules): Promise<Sent> {
  let stale: ExchangeEnd | undefined;
  if (turn.connection) {
    turn.connection.begin();
    const end = await exchange(turn.connection, post, rules);
    if (!wasStale(end, turn.connection) || performance.now() > rules.startBy) return sent(end);
    stale = end;
    turn.connection = undefined;
  }

  const dialed = await dial(origin, rules, rules.deadlineAt);
  if (dialed.kind === 'no_socket') return stale ? sent(stale) : dialed;
  if (dialed.kind === 'failed') return sent(dialed);
  turn.connection = new Connection(dialed.socket, rules.maxRestMs);
  return sent(await exchange(turn.connection, post, rules), stale !== undefined);
}

const sent = (end: ExchangeEnd, resent = false): Sent => ({ kind: 'sent', end, resent });

const wasStale = (end: ExchangeEnd, { received }: Connection): boolean =>
  end.kind === 'failed' && end.failure.outcome === 'connection_failed' && received === 0;
