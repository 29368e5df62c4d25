import type { Logger } from 'pino';
import { KeyDeleted } from '../../store/endpoints/insert-endpoint.ts';
import { Overloaded, ProjectShareExhausted, StoreUnavailable } from '../../store/postgres/database.ts';
import { QuotaReached } from '../../store/projects/enforce-quota.ts';
import { Problem } from './problem.ts';
import { unauthorized } from './unauthorized.ts';

/** Seconds. A restart of Postgres takes about that long. */
const RETRY_AFTER = '2';
/** While Postgres is down, every request fails; more than one log line per second would add nothing. */
const OUTAGE_LOG_MS = 1_000;

/** The problem to respond with for an error; internal_error for an unexpected one. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof ProjectShareExhausted) {
    return new Problem(
      'quota_exceeded',
      'The project has too many events waiting to be stored. Post fewer events at once.',
      {
        headers: { 'retry-after': RETRY_AFTER },
      },
    );
  }
  if (error instanceof StoreUnavailable) {
    return new Problem('unavailable', undefined, { headers: { 'retry-after': RETRY_AFTER } });
  }
  if (error instanceof QuotaReached) {
    const detail = `The quota ${error.quota}=${error.max} is reached.`;
    return new Problem('quota_exceeded', detail, { status: 409 });
  }
  if (error instanceof KeyDeleted) return unauthorized('The key was deleted.');
  // Express throws it for a path with an invalid escape such as %zz.
  if (error instanceof URIError)
    return new Problem('invalid_request', 'The path is not percent-encoded correctly.');
  return new Problem('internal_error');
}

const CALLER_ERRORS = [Problem, URIError, ProjectShareExhausted, KeyDeleted, QuotaReached];

/** Logs failures that need a person's attention; errors of callers are not logged. */
export function createFailureLog(log: Logger): (error: unknown, requestId: string, route: string) => void {
  let nextOutageLogAt = 0;
  return (error, requestId, route) => {
    if (CALLER_ERRORS.some((kind) => error instanceof kind)) return;
    if (!(error instanceof StoreUnavailable)) {
      log.error({ err: error, requestId, route }, 'a request failed');
    } else if (performance.now() >= nextOutageLogAt) {
      nextOutageLogAt = performance.now() + OUTAGE_LOG_MS;
      const what =
        error instanceof Overloaded ? 'too many requests are waiting' : 'the database is unavailable';
      log.error({ err: error.cause, requestId, route }, `${what}; requests get a 503 response`);
    }
  };
}
