import type { Request, Response } from 'express';
import { sharesOf } from '../../limits/shared-capacity.ts';
import type { TimeSlices } from '../../limits/time-slices.ts';
import type { AuthenticatedCaller, Authentication, Tenant } from '../auth/authentication.ts';
import type { ApiConfig } from '../dependencies.ts';
import { createCallQuotas } from '../limits/call-quotas.ts';
import { Problem } from '../problems/problem.ts';
import { type JsonDocument, LARGE_BODY_BYTES, readJsonDocument } from './body/json-document.ts';
import { createBodyReader, hasNoBody } from './body/request-body.ts';
import { admitTenant } from './connection-budget.ts';
import type { Access, Route, RouteResponse } from './route.ts';

const BATCH_FACTOR = 16;
const MAX_PROFILE_BYTES = 64 * 1024;
/** Memory for the bodies of all calls in flight, but at least enough for eight of the largest bodies. */
const BODY_MEMORY_BYTES = 128 * 1024 * 1024;
/** Longer than a body takes that arrives with its headers, and far less than the 1 s in which a deleted key must stop working. */
const REAUTHENTICATE_AFTER_MS = 50;
const SHARES_OF_ADMIN = sharesOf('', null);
const NO_DOCUMENT: JsonDocument = { bytes: Buffer.alloc(0), value: undefined, members: [] };
const EMPTY_DOCUMENT = readJsonDocument(Buffer.from('{}'));

/** Runs a route's handler for one request; throws a Problem for a call that is not allowed, or invalid. */
export type CallHandler = (
  route: Route,
  request: Request,
  response: Response,
  requestId: string,
) => Promise<RouteResponse<unknown>>;

/** Authenticates a call, validates path and query, reads and validates the body, applies the rate limit, runs the handler. */
export function createCallHandler(
  authentication: Authentication,
  slicesOf: (group: string) => TimeSlices,
  { quotas, maxBodyBytes }: Pick<ApiConfig, 'quotas' | 'maxBodyBytes'>,
): CallHandler {
  const maxBatchBytes = maxBodyBytes * BATCH_FACTOR;
  const bodyLimits = { event: maxBodyBytes, batch: maxBatchBytes, profile: MAX_PROFILE_BYTES };
  const readBody = createBodyReader(Math.max(BODY_MEMORY_BYTES, 8 * maxBatchBytes));
  const callQuotas = createCallQuotas(quotas);

  return async (route, request, response, requestId) => {
    const caller = await authorize(route.access, request, authentication);
    const withBody = route.prepare(request, caller);

    const respond = async (tenant: Tenant | null, body: unknown, document: JsonDocument) => {
      const run = withBody(body);
      const endCall = route.rateLimit && tenant ? await callQuotas.admit(route.rateLimit, tenant) : undefined;
      try {
        return await run({ document, request, response, requestId, tenant });
      } finally {
        endCall?.();
      }
    };

    if (!route.body && !route.rawBody) return respond(caller, undefined, NO_DOCUMENT);
    if (route.bodyOptional && hasNoBody(request))
      return respond(caller, EMPTY_DOCUMENT.value, EMPTY_DOCUMENT);

    const startedAt = performance.now();
    const shares = caller ? sharesOf(caller.projectId, caller.consumer) : SHARES_OF_ADMIN;
    const body = await readBody(request, bodyLimits[route.bodyLimit ?? 'event'], shares);
    try {
      // The key may have been deleted while the client sent the body.
      const isOutdated = performance.now() - startedAt > REAUTHENTICATE_AFTER_MS;
      const tenant = isOutdated ? await authorize(route.access, request, authentication) : caller;
      if (route.rawBody) return await respond(tenant, undefined, { ...NO_DOCUMENT, bytes: body.bytes });
      const isLarge = body.bytes.length > LARGE_BODY_BYTES;
      const timeSlices = isLarge ? slicesOf(tenant?.projectId ?? '') : undefined;
      await timeSlices?.yieldIfDue();
      const document = readJsonDocument(body.bytes);
      await timeSlices?.yieldIfDue();
      return await respond(tenant, document.value, document);
    } finally {
      body.release();
    }
  };
}

/** The tenant of the call; null for a route without one, and for the admin key without a project. */
async function authorize(
  access: Access,
  request: Request,
  authentication: Authentication,
): Promise<Tenant | null> {
  if (access === 'open') return null;
  const { kind, tenant } = await authentication.authenticate(request);
  admitTenant(request, tenant?.projectId ?? '', tenant?.consumer ?? null);
  if (!ALLOWED_CALLERS[access].includes(kind)) throw new Problem('forbidden');
  return access === 'admin' ? null : tenant;
}

const ALLOWED_CALLERS: Record<Exclude<Access, 'open'>, AuthenticatedCaller['kind'][]> = {
  admin: ['admin'],
  shared: ['admin', 'project'],
  project: ['admin', 'project'],
  consumer: ['admin', 'project', 'consumer'],
};
