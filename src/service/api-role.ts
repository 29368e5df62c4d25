import type { Readiness } from '../api/ports.ts';
import { createInFlightLimiter } from '../dispatch/in-flight-limiter.ts';
import { type ApiServer, startApiServer } from './api-server.ts';
import { type DispatchDependencies, startDispatch } from './dispatch.ts';
import { startExpress } from './express.ts';
import type { WorkerRole } from './worker-role.ts';

export type ApiRole = {
  /** Returns the port. Rejects when the port cannot be bound. */
  listen(): Promise<number>;
  /** Finishes the requests in flight, then stops the dispatch. */
  close(): Promise<void>;
  /** Resolves when the attempts that need no workflow have ended. Call it after `close`. */
  finishAttempts(): Promise<void>;
};

export type ApiRoleDependencies = Omit<DispatchDependencies, 'inFlightLimiter'> & {
  readiness: Readiness;
  /** Null in a process without a worker. */
  worker: WorkerRole | null;
};

/** The HTTP API and the dispatch of what it accepts. The dispatch starts at once, the server with `listen`. */
export function startApiRole(deps: ApiRoleDependencies): ApiRole {
  const inFlightLimiter = createInFlightLimiter(deps.shared.pools.main);
  const dispatch = startDispatch({ ...deps, inFlightLimiter });
  const express = startExpress(deps.shared, deps.worker, dispatch.dispatcher);
  let server: ApiServer | null = null;
  return {
    async listen() {
      server = await startApiServer({
        ...deps,
        inFlightLimiter,
        dispatcher: dispatch.dispatcher,
        erasures: dispatch.erasures,
        bulkJobs: dispatch.bulkJobs,
        express,
      });
      return server.port;
    },
    async close() {
      await server?.close();
      await dispatch.close();
    },
    async finishAttempts() {
      await express?.close();
    },
  };
}
