import type { Readable } from 'node:stream';
import type { Request, Response } from 'express';
import type { z } from 'zod';
import type { RateName } from '../../policy/quotas.ts';
import type { Tenant } from '../auth/authentication.ts';
import type { ProblemCode } from '../problems/problem-codes.ts';
import type { JsonDocument } from './body/json-document.ts';

/**
 * The least key that may call: `consumer` lets every key in, `project` all but consumers', `admin` only admin's.
 * `shared` is as `project`, but the admin key need name no project: the call is then about what all of them share.
 */
export type Access = 'open' | 'admin' | 'shared' | 'project' | 'consumer';

export type RouteResponse = {
  status: number;
  headers?: Record<string, string>;
  /** JSON text, HTML or CSS; or bytes that come over time; or nothing. */
  content?: { type: string; body: string | Buffer | Readable };
  /** The event that the call was about, for the log line of the request. */
  eventId?: string;
};

/** How an answer looks in the OpenAPI document. */
export type ResponseSpec = {
  description: string;
  schema?: z.ZodType;
  type?: string;
  /** Names and descriptions of headers that are particular to it. */
  headers?: Record<string, string>;
};

export type Call<P, Q, B> = {
  params: P;
  query: Q;
  body: B;
  /** The body as it was written, for routes that have one. */
  document: JsonDocument;
  request: Request;
  response: Response;
  requestId: string;
};
export type TenantCall<P, Q, B> = Call<P, Q, B> & { tenant: Tenant };

type Described = {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  /** As OpenAPI writes it: `/v1/events/{id}`. */
  path: string;
  operationId: string;
  tag: string;
  summary: string;
  description?: string;
  responses: Record<number, ResponseSpec>;
  /** Beyond those that access, parameters and body bring by themselves. */
  problems?: ProblemCode[];
  /** No body at all is `{}`: each of its members may be left out. */
  bodyOptional?: true;
  /** What a tenant may make so many calls of in a minute. */
  rateLimit?: RateName;
  /** A batch may have 16 times the bytes of an event, a profile 64 KiB. */
  bodyLimit?: 'event' | 'batch' | 'profile';
  /** The handler reads the body, of which it gets the bytes: as one value, it would hold up all other calls. */
  rawBody?: true;
  /** Request headers worth documenting: name to description. */
  requestHeaders?: Record<string, string>;
};

type Schema = z.ZodType | undefined;
type Parsed<S extends Schema> = S extends z.ZodType ? z.output<S> : undefined;

type Spec<P extends Schema, Q extends Schema, B extends Schema> = Described & {
  params?: P;
  query?: Q;
  body?: B;
};

/** One entry of the table from which Express and the OpenAPI document are both made. */
export type Route = Described & {
  access: Access;
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodType;
  handle(call: TenantCall<unknown, unknown, unknown>): Promise<RouteResponse> | RouteResponse;
};

/** A call about the data of one project, or of one consumer in it. */
export const tenantRoute = <
  P extends Schema = undefined,
  Q extends Schema = undefined,
  B extends Schema = undefined,
>(
  route: Spec<P, Q, B> & {
    access: 'project' | 'consumer';
    handle(call: TenantCall<Parsed<P>, Parsed<Q>, Parsed<B>>): Promise<RouteResponse> | RouteResponse;
  },
): Route => route as unknown as Route;

/** A call about what one project has, or, of the admin without a project, about what all of them share. */
export const sharedRoute = <
  P extends Schema = undefined,
  Q extends Schema = undefined,
  B extends Schema = undefined,
>(
  route: Spec<P, Q, B> & {
    access: 'shared';
    handle(
      call: Call<Parsed<P>, Parsed<Q>, Parsed<B>> & { tenant: Tenant | null },
    ): Promise<RouteResponse> | RouteResponse;
  },
): Route => route as unknown as Route;

/** A call that is about no project, or names it in its path. */
export const plainRoute = <
  P extends Schema = undefined,
  Q extends Schema = undefined,
  B extends Schema = undefined,
>(
  route: Spec<P, Q, B> & {
    access: 'open' | 'admin';
    handle(call: Call<Parsed<P>, Parsed<Q>, Parsed<B>>): Promise<RouteResponse> | RouteResponse;
  },
): Route => route as unknown as Route;

export const json = (status: number, value: unknown, headers?: Record<string, string>): RouteResponse =>
  jsonText(status, JSON.stringify(value), headers);

/** For answers that hold JSON of others, which must not go through JSON.stringify. */
export const jsonText = (status: number, body: string, headers?: Record<string, string>): RouteResponse => ({
  status,
  content: { type: 'application/json; charset=utf-8', body },
  ...(headers ? { headers } : {}),
});

export const noContent = (): RouteResponse => ({ status: 204 });
