import type { Outcome } from './outcome.ts';
import type { ReceiverInstruction } from './receiver-instruction.ts';

/** What a failed attempt says about its receiver. It may pass through Temporal, so it has codes and times only. */
export type ReceiverFailure = {
  instruction: ReceiverInstruction;
  /** Whether the profile lets the receiver cool down. */
  coolsDown: boolean;
};

/** Failures with these codes may be Posthorn's own: its resolver, its network, its firewall. A listener may be away. */
const POSSIBLY_OURS: Partial<Record<Outcome, ReadonlySet<string>>> = {
  timeout: new Set(['DNS_TIMEOUT']),
  dns_failed: new Set(['ECONNREFUSED', 'ETIMEOUT', 'ESERVFAIL', 'EREFUSED', 'UNKNOWN']),
  connection_failed: new Set([
    ...['ENETUNREACH', 'ENETDOWN', 'EADDRNOTAVAIL', 'EACCES', 'EPERM', 'UNKNOWN'],
    'listener_offline',
  ]),
  token_failed: new Set(['TOKEN_NOT_REQUESTED', 'TOKEN_SERVER_NOT_ALLOWED']),
};

/**
 * Whether a failed attempt counts against the receiver. What Posthorn blocks or cannot sign does not, nor what its own
 * network or worker may have caused.
 */
export function isReceiversFault(outcome: Outcome, errorCode: string | null): boolean {
  if (outcome === 'delivered' || outcome === 'blocked' || outcome === 'unknown') return false;
  return errorCode === null || !POSSIBLY_OURS[outcome]?.has(errorCode);
}
