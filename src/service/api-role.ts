import type { Readiness } from '../api/ports.ts';
import { createInFlightLimiter } from '../dispatch/in-flight-limiter.ts';
import { type ApiServer, startApiServer } from './api-server.ts';
import { startBackground } from './background.ts';
import { type DispatchDependencies, startDispatch } from './dispatch.ts';
import { startExpress } from './express.ts';
import type { WorkerRole } from './worker-role.ts';

export type ApiRole = {
  /** Returns the port. Rejects when the port cannot be bound. */
  listen(): Promise<number>;
  /** Finishes the requests in flight, then stops the dispatcher and the background work. */
  close(): Promise<void>;
  /** Resolves when the attempts that need no workflow have ended. Call it after `close`. */
  finishAttempts(): Promise<void>;
};

export type ApiRoleDependencies = Omit<DispatchDependencies, 'inFlightLimiter'> & {
  readiness: Readiness;
  /** Null in a process without a worker. */
  worker: WorkerRole | null;
};

/**
 * The HTTP API, the dispatcher of what it accepts, and the background work. The server starts with `listen`, the rest at
 * once.
 */
export function startApiRole(deps: ApiRoleDependencies): ApiRole {
  const inFlightLimiter = createInFlightLimiter(deps.shared.pools.main);
  const dispatcher = startDispatch({ ...deps, inFlightLimiter });
  const background = startBackground(deps.shared, deps.temporal, dispatcher);
  const express = startExpress(deps.shared, deps.worker, dispatcher);
  let server: ApiServer | null = null;
  return {
    async listen() {
      server = await startApiServer({
        ...deps,
        inFlightLimiter,
        dispatcher,
        erasures: background.erasures,
        bulkJobs: background.bulkJobs,
        express,
      });
      return server.port;
    },
    async close() {
      await server?.close();
      await Promise.all([background.close(), dispatcher.close()]);
    },
    async finishAttempts() {
      await express?.close();
    },
  };
}
