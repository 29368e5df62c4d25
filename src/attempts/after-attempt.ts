import type { EndedResult } from '../egress/outbound.ts';
import type { FinalReason } from '../policy/delivery-result.ts';
import { isReceiversFault, type ReceiverFailure } from '../policy/receiver-failure.ts';
import { type ReceiverInstruction, receiverInstruction } from '../policy/receiver-instruction.ts';
import { deserializePolicy, isFinalResponse, retryDelayMs } from '../policy/retry-policy.ts';
import type { Claim } from '../store/deliveries/claims/claim-deliveries.ts';
import type { PreparedRequest, UnsignableRequest } from './prepare-request.ts';

/** What follows from the end of an attempt, for the delivery and for its receiver. */
export type AfterAttempt = {
  /** Milliseconds until the next attempt if this one failed; null if it was the last. */
  delayMs: number | null;
  /** Why it was the last; null if the policy has no more attempts. */
  finalReason: FinalReason | null;
  /** Null: it succeeded, or the failure does not count against the receiver. */
  receiverFailure: ReceiverFailure | null;
};

/** `now`: milliseconds since the epoch by Postgres's clock. */
export function afterAttempt(
  { policy: policyText, step }: Pick<Claim, 'policy' | 'step'>,
  request: PreparedRequest | UnsignableRequest,
  result: EndedResult,
  { random, now }: { random: () => number; now: () => number },
): AfterAttempt {
  const policy = deserializePolicy(policyText);
  const delayMs = retryDelayMs(policy, step, random);
  const isFault = isReceiversFault(result.outcome, result.error?.code ?? null);
  if (request.kind === 'unsignable' || !isFault) return { delayMs, finalReason: null, receiverFailure: null };
  const { responses } = request;
  const failure = (instruction: ReceiverInstruction): ReceiverFailure => ({
    instruction,
    coolsDown: responses.coolDown,
  });
  if (result.kind === 'failed')
    return { delayMs, finalReason: null, receiverFailure: failure({ kind: 'none' }) };

  const instruction = receiverInstruction(result.statusCode, result.headers, responses, now());
  const receiverFailure = failure(instruction);
  if (instruction.kind === 'gone') return { delayMs: null, finalReason: 'gone', receiverFailure };
  if (isFinalResponse(policy, result.statusCode))
    return { delayMs: null, finalReason: 'final_status', receiverFailure };
  // The later of the two: a receiver may make a retry later, but not earlier.
  const waitMs = instruction.kind === 'wait' ? instruction.ms : 0;
  return {
    delayMs: delayMs === null ? null : Math.max(delayMs, waitMs),
    finalReason: null,
    receiverFailure,
  };
}
