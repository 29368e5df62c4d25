import type { AddressTracker } from './addresses/address-tracker.ts';
import { Connection, type ConnectionLimits } from './connections/connection.ts';
import type { ConnectionLease } from './connections/connection-pool.ts';
import { type DialOptions, dial } from './connections/dial.ts';
import { type ExchangeLimits, type ExchangeResult, exchange } from './exchange.ts';
import type { PostRequest } from './http/request-head.ts';
import type { Origin } from './target-url.ts';

export type SendOptions = DialOptions &
  ExchangeLimits &
  ConnectionLimits & {
    /** On the clock of performance.now(): no re-send begins after it. */
    startBy: number;
    addresses: AddressTracker;
  };

export type SendResult =
  | { kind: 'sent'; result: ExchangeResult; resent: boolean }
  /** Nothing was sent, and the receiver is not to blame: this process has no socket left, or no time. */
  | { kind: 'not_sent' };

/**
 * Sends a request on the connection of its turn, or on a new one. A receiver may close a resting connection at the
 * moment in which it is used: one that fails before the first byte of an answer is replaced, once, by a fresh one. So
 * is one whose answer came too early to be surely of this request.
 * Afterwards the turn holds what connection is left.
 */
export async function send(
  turn: ConnectionLease,
  origin: Origin,
  post: PostRequest,
  rules: SendOptions,
): Promise<SendResult> {
  let stale: ExchangeResult | undefined;
  if (turn.connection) {
    stale = await exchange(turn.connection, post, rules);
    if (!wasStale(stale, turn.connection)) return sent(stale);
    turn.connection.destroy();
    turn.connection = undefined;
    if (performance.now() > rules.startBy) return unreplaced(stale);
  }

  const dialed = await dial(origin, rules, rules.deadlineAt);
  if (dialed.kind === 'no_socket') return unreplaced(stale);
  if (dialed.kind === 'failed') return sent({ ...dialed, stage: 'final' });
  const leadsHere = (address: string | undefined): boolean => rules.addresses.isCurrent(origin.host, address);
  turn.connection = new Connection(dialed.socket, rules, leadsHere);
  return sent(await exchange(turn.connection, post, rules), stale !== undefined && !isUnsent(stale));
}

/** Some servers say 408 when they close an idle connection: it may be repeated (RFC 9110 section 15.5.9). */
function wasStale(end: ExchangeResult, connection: Connection): boolean {
  if (end.kind === 'responded') return end.statusCode === 408 && !connection.isOpen();
  return end.stage !== 'final';
}

const isUnsent = (end: ExchangeResult): boolean => end.kind === 'failed' && end.stage === 'unsent';

const sent = (result: ExchangeResult, resent = false): SendResult => ({ kind: 'sent', result, resent });

const unreplaced = (stale: ExchangeResult | undefined): SendResult =>
  stale && !isUnsent(stale) ? sent(stale) : { kind: 'not_sent' };
