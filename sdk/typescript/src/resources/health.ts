import type { Call } from '../call.ts';
import type { Readiness } from '../models.ts';

export const healthOf = (call: Call) => ({
  check: (): Promise<{ ok: true }> => call('GET', '/healthz'),
  /** Also resolves if Posthorn is not ready; see `ready`. */
  readiness: (): Promise<Readiness> => call('GET', '/readyz', { alsoAccept: 503 }),
});
