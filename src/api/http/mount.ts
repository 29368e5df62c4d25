import type { Express, Request, Response } from 'express';
import { localClockId } from '../../store/postgres/ids.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { createFailureLog, problemOf } from '../problems/failures.ts';
import { Problem, problemJson } from '../problems/problem.ts';
import { ClientDisconnected } from './body/request-body.ts';
import type { CallHandler } from './handle-call.ts';
import { answersHead, type Route, type RouteResponse } from './route.ts';
import { send } from './send.ts';

/** The path in logs and metrics for a request that matches no route. */
const NO_ROUTE = '(none)';

/** Mounts the routes in Express. Unknown paths, wrong methods and errors get a problem response instead of Express's HTML. */
export function mountRoutes(
  app: Express,
  routes: Route[],
  handleCall: CallHandler,
  { config, log, metrics }: Pick<ApiDependencies, 'config' | 'log' | 'metrics'>,
): void {
  const logFailure = createFailureLog(log);

  const serve = async (
    path: string,
    request: Request,
    response: Response,
    respond: (requestId: string) => Promise<RouteResponse<unknown>>,
  ): Promise<void> => {
    const startedAt = performance.now();
    const requestId = localClockId('req');
    const onFailure = (error: unknown): void => logFailure(error, requestId, `${request.method} ${path}`);
    let routeResponse: RouteResponse<unknown>;
    try {
      routeResponse = await respond(requestId);
    } catch (error) {
      if (error instanceof ClientDisconnected || response.destroyed) return;
      onFailure(error);
      routeResponse = problemResponse(problemOf(error), requestId, config.publicUrl);
    }
    send(response, requestId, routeResponse, onFailure);
    const ms = performance.now() - startedAt;
    const { status, eventId } = routeResponse;
    metrics?.recordRequest(request.method, path, status, ms / 1000);
    log.debug(
      { requestId, method: request.method, path, status, ms, ...(eventId && { eventId }) },
      'request served',
    );
  };

  // `/v1/events/batch` matches `/v1/events/{id}`, but is not the path of an event.
  const fixedPaths = new Set(routes.map(({ path }) => path).filter((path) => !path.includes('{')));
  for (const route of routes) {
    app[route.method](expressPath(route.path), (request, response, next) => {
      if (route.path.includes('{') && fixedPaths.has(request.path)) return next();
      if (request.method === 'HEAD' && !answersHead(route)) return next();
      return serve(route.path, request, response, (requestId) =>
        handleCall(route, request, response, requestId),
      );
    });
  }

  const methodsOf = createMethodLookup(routes, fixedPaths);
  app.use((request, response) =>
    serve(NO_ROUTE, request, response, async () => {
      const methods = methodsOf(request.path);
      if (methods.length === 0) throw new Problem('not_found');
      throw new Problem('method_not_allowed', undefined, { headers: { allow: methods.join(', ') } });
    }),
  );

  // Express recognizes an error handler by its four parameters.
  app.use((error: unknown, request: Request, response: Response, _next: unknown) =>
    serve(NO_ROUTE, request, response, () => Promise.reject(error)),
  );
}

/** Returns a function that lists the methods of a path; none for an unknown path. */
function createMethodLookup(routes: Route[], fixedPaths: Set<string>): (path: string) => string[] {
  const patterns = routes.map((route) => ({ route, pattern: pathPattern(route.path) }));
  return (requestPath) => {
    const matching = patterns
      .filter(({ route, pattern }) =>
        fixedPaths.has(requestPath) ? route.path === requestPath : pattern.test(requestPath),
      )
      .map(({ route }) => route);
    const methods = matching.map(({ method }) => method.toUpperCase());
    return [...new Set(matching.some(answersHead) ? [...methods, 'HEAD'] : methods)];
  };
}

function problemResponse(problem: Problem, requestId: string, publicUrl: string): RouteResponse {
  const body = problemJson(problem, requestId, publicUrl);
  return {
    status: problem.status,
    headers: problem.headers,
    content: { type: 'application/problem+json; charset=utf-8', body },
  };
}

/** `/v1/events/{id}` in the syntax of Express, which has the same for `{*path}`. */
const expressPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

const pathPattern = (path: string): RegExp =>
  new RegExp(
    `^${path
      .replaceAll('.', '\\.')
      .replaceAll(/\{\*\w+\}/g, '.*')
      .replaceAll(/\{\w+\}/g, '[^/]+')}$`,
  );
