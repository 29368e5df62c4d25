import { Link } from '@tanstack/react-router';
import type { Attempt, Event } from '../../../../sdk/typescript/src/models.ts';
import type { Lane } from '../../delivery/lane.ts';
import { customerAdvice } from '../words.ts';

/** Statuses with which servers refuse a signature. */
const REFUSALS = [400, 401, 403];

type AdviceProps = { lane: Lane; event: Event; attempt: Attempt };

/** What to do about a failure. A request whose signature may have been refused can be checked. */
export function Advice({ lane, event, attempt }: AdviceProps) {
  const canCheck = event.body !== null && attempt.request?.headers != null;
  return (
    <>
      {customerAdvice(attempt)}
      {canCheck && REFUSALS.includes(attempt.statusCode ?? 0) && (
        <>
          {' '}
          <Link to="/verify" search={{ delivery: lane.delivery.id, attempt: String(attempt.number) }}>
            Check this request with your secret
          </Link>
        </>
      )}
    </>
  );
}
