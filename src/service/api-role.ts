import type { Readiness } from '../api/ports.ts';
import { createInFlightLimiter } from '../dispatch/in-flight-limiter.ts';
import { type ApiServer, startApiServer } from './api-server.ts';
import { type DispatchDependencies, startDispatch } from './dispatch.ts';

export type ApiRole = {
  /** Returns the port. Rejects when the port cannot be bound. */
  listen(): Promise<number>;
  /** Finishes the requests in flight, then stops the dispatch. */
  close(): Promise<void>;
};

export type ApiRoleDependencies = Omit<DispatchDependencies, 'inFlightLimiter'> & {
  readiness: Readiness;
};

/** The HTTP API and the dispatch of what it accepts. The dispatch starts at once, the server with `listen`. */
export function startApiRole(deps: ApiRoleDependencies): ApiRole {
  const inFlightLimiter = createInFlightLimiter(deps.shared.pools.main);
  const dispatch = startDispatch({ ...deps, inFlightLimiter });
  let server: ApiServer | null = null;
  return {
    async listen() {
      server = await startApiServer({ ...deps, inFlightLimiter, dispatcher: dispatch.dispatcher });
      return server.port;
    },
    async close() {
      await server?.close();
      await dispatch.close();
    },
  };
}
