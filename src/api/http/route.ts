import type { Readable } from 'node:stream';
import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { Capability } from '../../policy/capabilities.ts';
import type { RateName } from '../../policy/quotas.ts';
import type { AuthenticatedCaller } from '../auth/authentication.ts';
import type { Tenant } from '../auth/tenant.ts';
import { Problem } from '../problems/problem.ts';
import type { ProblemCode } from '../problems/problem-codes.ts';
import type { JsonDocument } from './body/json-document.ts';
import { type Parsed, parseBody, parseParams, parseQuery } from './validation/validation.ts';

/**
 * Which keys may call: `consumer` allows every key, `project` allows project keys and the admin key, `admin` only the
 * admin key. `shared` is like `project`, and `any` like `consumer`, but the admin key may omit the project. A session may
 * call what a key of its kind may.
 */
export type Access = 'open' | 'admin' | 'shared' | 'project' | 'consumer' | 'any';

export type RouteResponse<Body = never> = {
  status: number;
  headers?: Record<string, string>;
  /** A value that is sent as JSON; or JSON text, HTML or CSS; or a stream; or no body. */
  content?: { json: Body } | { type: string; body: string | Buffer | Readable };
  /** The event that the call concerned, for the request's log line. */
  eventId?: string;
};

/** A response in the OpenAPI document; a handler may only return the bodies that its schemas describe. */
export type ResponseSpec = {
  description: string;
  schema?: z.ZodType;
  type?: string;
  /** Response headers: name to description. */
  headers?: Record<string, string>;
};
type Responses = Record<number, ResponseSpec>;
type ResponseBody<R extends Responses> = {
  [Status in keyof R]: R[Status] extends { schema: infer S extends z.ZodType } ? z.output<S> : never;
}[keyof R];
type HandlerResult<R extends Responses> =
  | Promise<RouteResponse<ResponseBody<R>>>
  | RouteResponse<ResponseBody<R>>;

/** The schemas of what a call sends. */
type Input = {
  params?: z.ZodObject | undefined;
  query?: z.ZodObject | undefined;
  body?: z.ZodType | undefined;
};

type CallContext = {
  /** The body as it was received, for routes that have one. */
  document: JsonDocument;
  request: Request;
  response: Response;
  requestId: string;
  /** Null for a route that is open to all. */
  caller: AuthenticatedCaller | null;
};

/** What a handler receives. For a named function: `Call<{ params: typeof params; body: typeof newProject }>`. */
export type Call<I extends Input = Record<never, never>> = CallContext & {
  params: Parsed<I['params']>;
  query: Parsed<I['query']>;
  body: Parsed<I['body']>;
};
export type TenantCall<I extends Input = Record<never, never>> = Call<I> & { tenant: Tenant };
export type SharedCall<I extends Input = Record<never, never>> = Call<I> & { tenant: Tenant | null };

type RouteDocumentation = {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** In OpenAPI syntax: `/v1/events/{id}`. That of a page, which is not in the document, may end in `{*path}`: the rest. */
  path: string;
  operationId: string;
  tag: string;
  summary: string;
  description?: string;
  responses: Responses;
  /** In addition to those that follow from access, parameters and body. */
  problems?: ProblemCode[];
  /** A missing body counts as `{}`; every member of the schema must be optional. */
  bodyOptional?: true;
  /** The quota that limits how many of these calls a tenant may make per minute. */
  rateLimit?: RateName;
  /**
   * What a session of the portal must be allowed to do. A route without it is closed to such sessions unless it is a GET, so
   * that a new route is never open by oversight.
   */
  needs?: Capability;
  /** Set for a GET that keys and sessions may not make which only read. */
  takesOver?: true;
  /** Set for a call with another method than GET that keys and sessions may make which only read. */
  readOnlyMay?: true;
  /** Set for a call with another method than GET that is not in the audit trail: it changes nothing, or posts events. */
  audited?: false;
  /** The size limit of the body: that of one event (default), 16 times that, 64 KiB, or 4 KiB. */
  bodyLimit?: 'event' | 'batch' | 'profile' | 'small';
  /** Only documents the body: the handler reads its bytes, because parsing all of it at once would block other calls. */
  rawBody?: z.ZodType;
  /** Request headers worth documenting: name to description. */
  requestHeaders?: Record<string, string>;
};

/** One entry of the table from which both the Express routes and the OpenAPI document are built. */
export type Route = RouteDocumentation &
  Input & {
    access: Access;
    /** The consumer for whom a key of the project makes the call; its calls per minute are limited as well. */
    consumerOf?(body: unknown): string;
    /**
     * Validates a call in the order in which its parts arrive, so that no body is read for an invalid path or query:
     * first the tenant, path and query; then the body; then the handler runs. Every step may throw a Problem.
     */
    prepare(
      request: Request,
      tenant: Tenant | null,
    ): (
      body: unknown,
    ) => (context: CallContext & { tenant: Tenant | null }) => Promise<RouteResponse<unknown>>;
  };

type Spec<
  P extends Input['params'],
  Q extends Input['query'],
  B extends Input['body'],
  R extends Responses,
> = RouteDocumentation & { params?: P; query?: Q; body?: B; responses: R };

/**
 * True if HEAD is answered as GET is, without the body. It runs the handler of the GET, so a stream would be opened, and that of
 * a listener would end the one before.
 */
export const answersHead = ({ method, responses }: Route): boolean =>
  method === 'get' && !Object.values(responses).some(({ type }) => type === EVENT_STREAM);

/** A route that acts on one project, or on one consumer of it. */
export const tenantRoute = <
  R extends Responses,
  P extends Input['params'] = undefined,
  Q extends Input['query'] = undefined,
  B extends Input['body'] = undefined,
>(
  spec: Spec<P, Q, B, R> & {
    access: 'project' | 'consumer';
    /** The consumer for whom a key of the project makes the call, if its calls per minute are to be limited as well. */
    madeFor?(body: Parsed<B>): string;
    handle(call: TenantCall<{ params: P; query: Q; body: B }>): HandlerResult<R>;
  },
): Route => {
  const { madeFor } = spec;
  return {
    ...spec,
    ...(madeFor && { consumerOf: (body: unknown) => madeFor(parseBody(spec.body, body)) }),
    prepare: prepareWith(spec, requireTenant, (call) => spec.handle(call)),
  };
};

/** A route that acts on one project or, for the admin key without a project, on none or on what all projects share. */
export const sharedRoute = <
  R extends Responses,
  P extends Input['params'] = undefined,
  Q extends Input['query'] = undefined,
  B extends Input['body'] = undefined,
>(
  spec: Spec<P, Q, B, R> & {
    access: 'shared' | 'any';
    handle(call: SharedCall<{ params: P; query: Q; body: B }>): HandlerResult<R>;
  },
): Route => ({
  ...spec,
  prepare: prepareWith(
    spec,
    (tenant) => tenant,
    (call) => spec.handle(call),
  ),
});

/** A route that acts on no project, or that names the project in its path. */
export const plainRoute = <
  R extends Responses,
  P extends Input['params'] = undefined,
  Q extends Input['query'] = undefined,
  B extends Input['body'] = undefined,
>(
  spec: Spec<P, Q, B, R> & {
    access: 'open' | 'admin';
    handle(call: Call<{ params: P; query: Q; body: B }>): HandlerResult<R>;
  },
): Route => ({
  ...spec,
  prepare: prepareWith(
    spec,
    () => null,
    (call) => spec.handle(call),
  ),
});

function prepareWith<P extends Input['params'], Q extends Input['query'], B extends Input['body'], T>(
  { method, ...schemas }: { method: RouteDocumentation['method']; params?: P; query?: Q; body?: B },
  tenantOf: (tenant: Tenant | null) => T,
  handle: (
    call: Call<{ params: P; query: Q; body: B }> & { tenant: T },
  ) => Promise<RouteResponse<unknown>> | RouteResponse<unknown>,
): Route['prepare'] {
  return (request, firstTenant) => {
    tenantOf(firstTenant);
    const params = parseParams(schemas.params, request.params, method === 'put');
    const query = parseQuery(schemas.query, request.url.includes('?') ? request.query : {});
    return (value) => {
      const body = parseBody(schemas.body, value);
      return async ({ tenant, ...context }) =>
        handle({ ...context, params, query, body, tenant: tenantOf(tenant) });
    };
  };
}

function requireTenant(tenant: Tenant | null): Tenant {
  if (!tenant) throw new Problem('project_required');
  return tenant;
}

export const json = <Body>(
  status: number,
  value: Body,
  headers?: Record<string, string>,
): RouteResponse<Body> => ({ status, content: { json: value }, ...(headers ? { headers } : {}) });

/** For JSON text that contains stored JSON, which JSON.stringify would change. */
export const jsonText = (status: number, body: string, headers?: Record<string, string>): RouteResponse => ({
  status,
  content: { type: JSON_TYPE, body },
  ...(headers ? { headers } : {}),
});

export const JSON_TYPE = 'application/json; charset=utf-8';
export const EVENT_STREAM = 'text/event-stream';

export const noContent = (): RouteResponse => ({ status: 204 });
