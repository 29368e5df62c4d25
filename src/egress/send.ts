import { Connection, type ConnectionLimits } from './connection.ts';
import type { Turn } from './connection-pool.ts';
import { type DialRules, dial } from './dial.ts';
import { type ExchangeEnd, type ExchangeLimits, exchange, type FailedExchange } from './exchange.ts';
import type { Post } from './http/request-head.ts';
import type { KnownAddresses } from './known-addresses.ts';
import type { Origin } from './target-url.ts';

export type SendRules = DialRules &
  ExchangeLimits &
  ConnectionLimits & {
    /** On the clock of performance.now(): no re-send begins after it. */
    startBy: number;
    addresses: KnownAddresses;
  };

export type Sent =
  | { kind: 'sent'; end: ExchangeEnd; resent: boolean }
  /** Nothing was sent, and the receiver is not to blame: this process has no socket left, or no time. */
  | { kind: 'not_sent' };

/**
 * Sends a request on the connection of its turn, or on a new one. A receiver may close a resting connection at the
 * moment in which it is used: one that fails before the first byte of an answer is replaced, once, by a fresh one.
 * Afterwards the turn holds what connection is left.
 */
export async function send(turn: Turn, origin: Origin, post: Post, rules: SendRules): Promise<Sent> {
  let stale: FailedExchange | undefined;
  if (turn.connection) {
    const end = await exchange(turn.connection, post, rules);
    if (end.kind === 'answered' || end.stage === 'over') return sent(end);
    stale = end;
    if (performance.now() > rules.startBy) return unreplaced(stale);
    turn.connection = undefined;
  }

  const dialed = await dial(origin, rules, rules.deadlineAt);
  if (dialed.kind === 'no_socket') return unreplaced(stale);
  if (dialed.kind === 'failed') return sent({ ...dialed, stage: 'over' });
  const leadsHere = (address: string | undefined): boolean => rules.addresses.holds(origin.host, address);
  turn.connection = new Connection(dialed.socket, rules, leadsHere);
  return sent(await exchange(turn.connection, post, rules), stale?.stage === 'unanswered');
}

const sent = (end: ExchangeEnd, resent = false): Sent => ({ kind: 'sent', end, resent });

const unreplaced = (stale: FailedExchange | undefined): Sent =>
  stale?.stage === 'unanswered' ? sent(stale) : { kind: 'not_sent' };
