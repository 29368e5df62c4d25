import type { Express, Request, Response } from 'express';
import { sharesOf } from '../../limits/shared-capacity.ts';
import type { TimeSlices } from '../../limits/time-slices.ts';
import { DEFAULT_QUOTAS } from '../../policy/quotas.ts';
import { localClockId } from '../../store/postgres/ids.ts';
import type { AuthenticatedCaller, Authentication, Tenant } from '../auth/authentication.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { type CallQuotas, createCallQuotas } from '../limits/call-quotas.ts';
import { createFailureLog, problemOf } from '../problems/failures.ts';
import { Problem, problemJson } from '../problems/problem.ts';
import { type JsonDocument, readJsonDocument } from './body/json-document.ts';
import { LARGE_BODY_BYTES } from './body/large-body.ts';
import { type BufferedBody, ClientDisconnected, createBodyReader, hasNoBody } from './body/request-body.ts';
import { admitTenant } from './connection-budget.ts';
import type { Access, Route, RouteResponse } from './route.ts';
import { send } from './send.ts';

const BATCH_FACTOR = 16;
const PROFILE_BYTES = 64 * 1024;
/** Longer than a body takes that comes with its head, and far less than the second in which a deleted key must stop. */
const BODY_AT_ONCE_MS = 50;
/** Bytes of bodies that are being read or worked on; where the largest are larger, there is room for eight of them. */
const BODY_BYTES = 128 * 1024 * 1024;
const SHARES_OF_ADMIN = sharesOf('', null);
const NO_DOCUMENT: JsonDocument = { bytes: Buffer.alloc(0), value: undefined, members: [] };
const EMPTY_DOCUMENT = readJsonDocument(Buffer.from('{}'));

/** Makes Express answer every route of the table, unknown addresses and wrong methods: always in our own shape. */
export function mountRoutes(
  app: Express,
  routes: Route[],
  authentication: Authentication,
  slicesOf: (group: string) => TimeSlices,
  { config, log, metrics }: Pick<ApiDependencies, 'config' | 'log' | 'metrics'>,
): void {
  const logFailure = createFailureLog(log);
  const largest = config.maxBodyBytes * BATCH_FACTOR;
  const readBody = createBodyReader(Math.max(BODY_BYTES, 8 * largest));
  const quotas = createCallQuotas(config.quotas ?? DEFAULT_QUOTAS);
  const limits = { event: config.maxBodyBytes, batch: largest, profile: PROFILE_BYTES };
  const bodyOf = (route: Route, request: Request, tenant: Tenant | null): Promise<BufferedBody> => {
    const shares = tenant ? sharesOf(tenant.projectId, tenant.consumer) : SHARES_OF_ADMIN;
    return readBody(request, limits[route.bodyLimit ?? 'event'], shares);
  };

  const serve = async (
    path: string,
    request: Request,
    response: Response,
    work: (requestId: string) => Promise<RouteResponse<unknown>>,
  ): Promise<void> => {
    const startedAt = performance.now();
    const requestId = localClockId('req');
    let answer: RouteResponse<unknown>;
    try {
      answer = await work(requestId);
    } catch (error) {
      if (error instanceof ClientDisconnected || response.destroyed) return;
      logFailure(error, requestId, `${request.method} ${path}`);
      answer = problemAnswer(problemOf(error), requestId, config.publicUrl);
    }
    send(request, response, requestId, answer, (error) =>
      logFailure(error, requestId, `${request.method} ${path}`),
    );
    const ms = performance.now() - startedAt;
    const { status, eventId } = answer;
    metrics?.recordRequest(request.method, path, status, ms / 1000);
    log.debug(
      { requestId, method: request.method, path, status, ms, ...(eventId && { eventId }) },
      'answered',
    );
  };

  // `/v1/events/batch` is no event, although `/v1/events/{id}` fits it.
  const fixedPaths = new Set(routes.map(({ path }) => path).filter((path) => !path.includes('{')));
  for (const route of routes) {
    app[route.method](expressPath(route.path), (request, response, next) => {
      if (route.path.includes('{') && fixedPaths.has(request.path)) return next();
      return serve(route.path, request, response, (requestId) =>
        answerCall(route, request, response, requestId, authentication, bodyOf, quotas, slicesOf),
      );
    });
  }

  const patterns = routes.map(({ method, path }) => ({
    method: method.toUpperCase(),
    path,
    pattern: pathPattern(path),
  }));
  app.use((request, response) =>
    serve('(none)', request, response, async () => {
      const allowed = patterns
        .filter(({ path, pattern }) =>
          fixedPaths.has(request.path) ? path === request.path : pattern.test(request.path),
        )
        .map(({ method }) => method);
      if (allowed.length === 0) throw new Problem('not_found');
      const allow = [...new Set(allowed.includes('GET') ? [...allowed, 'HEAD'] : allowed)].join(', ');
      throw new Problem('method_not_allowed', undefined, { headers: { allow } });
    }),
  );

  // Express finds a last resort by its four arguments; without it, it would answer HTML with a stack trace.
  app.use((error: unknown, request: Request, response: Response, _next: unknown) =>
    serve('(none)', request, response, () => Promise.reject(error)),
  );
}

async function answerCall(
  route: Route,
  request: Request,
  response: Response,
  requestId: string,
  authentication: Authentication,
  bodyOf: (route: Route, request: Request, tenant: Tenant | null) => Promise<BufferedBody>,
  quotas: CallQuotas,
  slicesOf: (group: string) => TimeSlices,
): Promise<RouteResponse<unknown>> {
  let tenant = await admitted(route.access, request, authentication);
  const withBody = route.prepare(request, tenant);
  const answer = async (body: unknown, document: JsonDocument) => {
    const run = withBody(body);
    const end = route.rateLimit && tenant ? await quotas.admit(route.rateLimit, tenant) : undefined;
    try {
      return await run({ document, request, response, requestId, tenant });
    } finally {
      end?.();
    }
  };
  if (!route.body && !route.rawBody) return answer(undefined, NO_DOCUMENT);
  if (route.bodyOptional && hasNoBody(request)) return answer(EMPTY_DOCUMENT.value, EMPTY_DOCUMENT);

  const beganAt = performance.now();
  const held = await bodyOf(route, request, tenant);
  try {
    // The key may have been deleted while its caller sent the body.
    if (performance.now() - beganAt > BODY_AT_ONCE_MS)
      tenant = await admitted(route.access, request, authentication);
    if (route.rawBody) return await answer(undefined, { ...NO_DOCUMENT, bytes: held.bytes });
    const slices = held.bytes.length > LARGE_BODY_BYTES ? slicesOf(tenant?.projectId ?? '') : undefined;
    await slices?.yieldIfDue();
    const document = readJsonDocument(held.bytes);
    await slices?.yieldIfDue();
    return await answer(document.value, document);
  } finally {
    held.release();
  }
}

/** The tenant of the call, or null where the route has none; throws when the key may not call. */
async function admitted(
  access: Access,
  request: Request,
  authentication: Authentication,
): Promise<Tenant | null> {
  if (access === 'open') return null;
  const caller = await authentication.authenticate(request);
  admitTenant(request, caller.tenant?.projectId ?? '', caller.tenant?.consumer ?? null);
  if (!LEAST_KEYS[access].includes(caller.kind)) throw new Problem('forbidden');
  if (access === 'admin') return null;
  return caller.tenant;
}

const LEAST_KEYS: Record<Exclude<Access, 'open'>, AuthenticatedCaller['kind'][]> = {
  admin: ['admin'],
  shared: ['admin', 'project'],
  project: ['admin', 'project'],
  consumer: ['admin', 'project', 'consumer'],
};

function problemAnswer(problem: Problem, requestId: string, publicUrl: string): RouteResponse {
  const body = problemJson(problem, requestId, publicUrl);
  return {
    status: problem.status,
    headers: problem.headers,
    content: { type: 'application/problem+json; charset=utf-8', body },
  };
}

/** `/v1/events/{id}` as Express writes it. */
const expressPath = (path: string): string => path.replaceAll(/\{(\w+)\}/g, ':$1');

const pathPattern = (path: string): RegExp =>
  new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`);
