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
    /** No resend starts after this time, in milliseconds on the clock of performance.now(). */
    startBy: number;
    addresses: AddressTracker;
  };

export type SendResult =
  | { kind: 'sent'; result: ExchangeResult; resent: boolean }
  /** Nothing was sent, because this process had no socket or no time left. The receiver is not at fault. */
  | { kind: 'not_sent' }
  /** The proxy opened no tunnel. `maybeSent`: the request may have been sent over an older tunnel, which broke. */
  | { kind: 'proxy_failed'; forMs: number; maybeSent: boolean };

/**
 * Sends a request over the connection of the lease, or over a new one. A receiver may close an idle connection at the
 * moment of the request. So if a reused connection fails before the first byte of a response, or if the response came
 * too early to surely belong to this request, the request is sent again, once, over a new connection. Afterwards the
 * lease holds the connection that remains.
 */
export async function send(
  lease: ConnectionLease,
  origin: Origin,
  post: PostRequest,
  options: SendOptions,
): Promise<SendResult> {
  let stale: ExchangeResult | undefined;
  if (lease.connection) {
    options.onStart();
    stale = await exchange(lease.connection, post, options);
    if (!wasStale(stale, lease.connection)) return sent(stale);
    lease.connection.destroy();
    lease.connection = undefined;
    if (performance.now() > options.startBy) return resultWithoutResend(stale);
  }

  const dialed = await dial(origin, options, options.deadlineAt);
  if (dialed.kind === 'no_socket') return resultWithoutResend(stale);
  if (dialed.kind === 'proxy_failed')
    return { ...dialed, maybeSent: stale !== undefined && !isUnsent(stale) };
  if (dialed.kind === 'failed') return sent({ ...dialed, stage: 'final' });
  const isCurrentAddress = (address: string | undefined): boolean =>
    options.addresses.isCurrent(origin.host, dialed.address ?? address);
  lease.connection = new Connection(dialed.socket, options, isCurrentAddress);
  return sent(await exchange(lease.connection, post, options), stale !== undefined && !isUnsent(stale));
}

/** Some servers send 408 when they close an idle connection. The request may be repeated (RFC 9110 section 15.5.9). */
function wasStale(result: ExchangeResult, connection: Connection): boolean {
  if (result.kind === 'responded') return result.statusCode === 408 && !connection.isOpen();
  return result.stage !== 'final';
}

const isUnsent = (result: ExchangeResult): boolean => result.kind === 'failed' && result.stage === 'unsent';

const sent = (result: ExchangeResult, resent = false): SendResult => ({ kind: 'sent', result, resent });

const resultWithoutResend = (stale: ExchangeResult | undefined): SendResult =>
  stale && !isUnsent(stale) ? sent(stale) : { kind: 'not_sent' };
