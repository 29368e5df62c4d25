import type { Request, Response } from 'express';
import { sharesOf } from '../../limits/shared-capacity.ts';
import type { TimeSlices } from '../../limits/time-slices.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import type { AuthenticatedCaller, Authentication } from '../auth/authentication.ts';
import type { Tenant } from '../auth/tenant.ts';
import type { ApiConfig } from '../dependencies.ts';
import { createCallQuotas } from '../limits/call-quotas.ts';
import { authorize } from './authorize.ts';
import { type JsonDocument, LARGE_BODY_BYTES, readJsonDocument } from './body/json-document.ts';
import { createBodyReader, hasNoBody } from './body/request-body.ts';
import type { Route, RouteResponse } from './route.ts';

const BATCH_FACTOR = 16;
const MAX_PROFILE_BYTES = 64 * 1024;
/** Anyone may send such a body, without a key. */
const MAX_SMALL_BYTES = 4 * 1024;
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

/**
 * Authenticates a call, validates path and query, reads and validates the body, applies the rate limit, adds the call to the
 * audit trail if it changes something, and runs the handler.
 */
export function createCallHandler(
  authentication: Authentication,
  auditTrail: AuditTrail,
  slicesOf: (group: string) => TimeSlices,
  { quotas, maxBodyBytes }: Pick<ApiConfig, 'quotas' | 'maxBodyBytes'>,
): CallHandler {
  const maxBatchBytes = maxBodyBytes * BATCH_FACTOR;
  const bodyLimits = {
    event: maxBodyBytes,
    batch: maxBatchBytes,
    profile: MAX_PROFILE_BYTES,
    small: MAX_SMALL_BYTES,
  };
  const readBody = createBodyReader(Math.max(BODY_MEMORY_BYTES, 8 * maxBatchBytes));
  const callQuotas = createCallQuotas(quotas);

  return async (route, request, response, requestId) => {
    const caller = await authorize(route, request, authentication);
    const withBody = route.prepare(request, tenantOf(route, caller));

    const respond = async (caller: AuthenticatedCaller | null, body: unknown, document: JsonDocument) => {
      const run = withBody(body);
      const tenant = tenantOf(route, caller);
      const madeFor = route.consumerOf?.(body);
      const endCall =
        route.rateLimit && tenant ? await callQuotas.admit(route.rateLimit, tenant, madeFor) : undefined;
      try {
        const call = () => run({ document, request, response, requestId, tenant, caller });
        if (!isAudited(route)) return await call();
        return await auditTrail.record({ route, request, caller, tenant, body, requestId }, call);
      } finally {
        endCall?.();
      }
    };

    if (!route.body && !route.rawBody) return respond(caller, undefined, NO_DOCUMENT);
    if (route.bodyOptional && hasNoBody(request))
      return respond(caller, EMPTY_DOCUMENT.value, EMPTY_DOCUMENT);

    const startedAt = performance.now();
    const { tenant = null } = caller ?? {};
    const shares = tenant ? sharesOf(tenant.projectId, tenant.consumer) : SHARES_OF_ADMIN;
    const body = await readBody(request, bodyLimits[route.bodyLimit ?? 'event'], shares);
    try {
      // The key may have been deleted while the client sent the body.
      const isOutdated = performance.now() - startedAt > REAUTHENTICATE_AFTER_MS;
      const current = isOutdated ? await authorize(route, request, authentication) : caller;
      if (route.rawBody) return await respond(current, undefined, { ...NO_DOCUMENT, bytes: body.bytes });
      const isLarge = body.bytes.length > LARGE_BODY_BYTES;
      const timeSlices = isLarge ? slicesOf(current?.tenant?.projectId ?? '') : undefined;
      await timeSlices?.yieldIfDue();
      const document = readJsonDocument(body.bytes);
      await timeSlices?.yieldIfDue();
      return await respond(current, document.value, document);
    } finally {
      body.release();
    }
  };
}

const isAudited = ({ method, audited }: Route): boolean => method !== 'get' && audited !== false;

/** Null for a route without a tenant, and for the admin key without a project. */
const tenantOf = ({ access }: Route, caller: AuthenticatedCaller | null): Tenant | null =>
  access === 'admin' ? null : (caller?.tenant ?? null);
