import type { Logger } from 'pino';
import { KeyDeleted } from '../../store/endpoints/insert-endpoint.ts';
import { Overloaded, ProjectShareExhausted, StoreUnavailable } from '../../store/postgres/database.ts';
import { QuotaReached } from '../../store/projects/enforce-quota.ts';
import { Problem } from './problem.ts';
import { unauthorized } from './unauthorized.ts';

/** Seconds after which a caller may try again while Postgres is away: about what a restart takes. */
const RETRY_AFTER = '2';
/** While Postgres is away every request fails: one line a second says as much as a thousand. */
const OUTAGE_LOG_MS = 1_000;

/** What the API says of an error. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof ProjectShareExhausted) {
    return new Problem(
      'quota_exceeded',
      'Too many events of the project are being stored: post fewer at a time.',
      {
        headers: { 'retry-after': RETRY_AFTER },
      },
    );
  }
  if (error instanceof StoreUnavailable) {
    return new Problem('unavailable', undefined, { headers: { 'retry-after': RETRY_AFTER } });
  }
  if (error instanceof QuotaReached) {
    const detail = `There are as many as may be: the quota is ${error.quota}=${error.max}.`;
    return new Problem('quota_exceeded', detail, { status: 409 });
  }
  if (error instanceof KeyDeleted) return unauthorized('The key was deleted.');
  // Express's own: a path with %zz in it.
  if (error instanceof URIError)
    return new Problem('invalid_request', 'The address is not encoded correctly.');
  return new Problem('internal_error');
}

const CALLERS_OWN = [Problem, URIError, ProjectShareExhausted, KeyDeleted, QuotaReached];

/** Logs what a person must look at; what callers do wrong is not in it. */
export function createFailureLog(log: Logger): (error: unknown, requestId: string, route: string) => void {
  let nextOutageLogAt = 0;
  return (error, requestId, route) => {
    if (CALLERS_OWN.some((kind) => error instanceof kind)) return;
    if (!(error instanceof StoreUnavailable)) {
      log.error({ err: error, requestId, route }, 'a request failed');
    } else if (performance.now() >= nextOutageLogAt) {
      nextOutageLogAt = performance.now() + OUTAGE_LOG_MS;
      const what =
        error instanceof Overloaded ? 'more waits than there is room for' : 'the database is not available';
      log.error({ err: error.cause, requestId, route }, `${what}; requests are answered 503`);
    }
  };
}
