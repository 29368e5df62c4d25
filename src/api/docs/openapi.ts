import type { z } from 'zod';
import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiResponsesObject } from 'zod-openapi';
import type { Access, ResponseSpec, Route } from '../http/route.ts';
import { PROBLEM_CODES, type ProblemCode, statusesOf } from '../problems/problem-codes.ts';
import { problemSchema } from '../problems/problem-schema.ts';

export type OpenApiDocument = ReturnType<typeof createDocument>;

/** The OpenAPI 3.1 document of the routes, generated from the schemas that validate requests. */
export function openApiDocument(routes: Route[], publicUrl: string, cookieName: string): OpenApiDocument {
  const paths: Record<string, Record<string, ZodOpenApiOperationObject>> = {};
  for (const route of routes) {
    paths[route.path] ??= {};
    paths[route.path]![route.method] = operationOf(route);
  }
  return createDocument({
    openapi: '3.1.0',
    info: {
      title: 'Posthorn',
      version: '1',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      description:
        'Post an event, and Posthorn signs it, delivers it to every subscribed endpoint, retries failed attempts, records every attempt and reports the outcome. Events are delivered at least once; the event id is the same in all attempts, so receivers can use it to discard duplicates.',
    },
    servers: [{ url: publicUrl }],
    tags: [...new Set(routes.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        key: {
          type: 'http',
          scheme: 'bearer',
          description:
            'An admin, project (`ph_…`) or consumer (`phc_…`) key, or the token (`phs_…`) of a session of the portal',
        },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: cookieName,
          description:
            'The cookie that `POST /v1/session` sets. A call with it must also carry the header `Posthorn-Dashboard: 1`',
        },
      },
    },
  });
}

function operationOf(route: Route): ZodOpenApiOperationObject {
  const {
    operationId,
    tag,
    summary,
    description,
    access,
    params,
    query,
    body = route.rawBody,
    bodyOptional,
    rateLimit,
    requestHeaders = {},
  } = route;
  return {
    operationId,
    tags: [tag],
    summary,
    ...(description ? { description } : {}),
    security: access === 'open' ? [] : [{ key: [] }, { session: [] }],
    'x-access': access,
    ...(route.needs ? { 'x-needs': route.needs } : {}),
    ...(route.audited === false ? { 'x-audited': false } : {}),
    ...(rateLimit ? { 'x-quota': `${rateLimit}PerMinute` } : {}),
    parameters: [...headerParameters(access, requestHeaders)],
    requestParams: { ...(params ? { path: params } : {}), ...(query ? { query } : {}) },
    ...(body
      ? { requestBody: { required: !bodyOptional, content: { 'application/json': { schema: body } } } }
      : {}),
    responses: responsesOf(route),
  };
}

function headerParameters(access: Access, routeHeaders: Record<string, string>) {
  const project =
    access === 'shared' || access === 'any'
      ? 'The project id, with the admin key; omit it to act on what all projects share'
      : 'The project id; required with the admin key';
  const all =
    access === 'open' || access === 'admin' ? routeHeaders : { 'Posthorn-Project': project, ...routeHeaders };
  return Object.entries(all).map(([name, description]) => ({
    name,
    in: 'header' as const,
    required: false,
    description,
    schema: { type: 'string' as const },
  }));
}

function responsesOf(route: Route): ZodOpenApiResponsesObject {
  const responses: ZodOpenApiResponsesObject = {};
  for (const [status, response] of Object.entries(route.responses)) {
    responses[status as `${200}`] = {
      description: response.description,
      ...headersOf(response),
      ...contentOf(response),
    };
  }
  const possible = problemsOf(route).flatMap((code) => {
    // quota_exceeded is 429 for every route, and 409 only for routes that declare it because they may throw QuotaReached.
    // Open routes declare it as well, because it does not follow from their access: for them it is 429 only.
    const mayBeBoth = route.access !== 'open' && route.problems?.includes(code);
    const statuses = mayBeBoth ? statusesOf(code) : [PROBLEM_CODES[code].status];
    return statuses.map((status) => ({ status, code }));
  });
  const byStatus = Map.groupBy(possible, ({ status }) => status);
  for (const [status, problems] of [...byStatus].sort(([a], [b]) => a - b)) {
    // The readiness check has its own schema for 503.
    responses[`${status}` as `${200}`] ??= {
      description: problems.map(({ code }) => `\`${code}\`: ${PROBLEM_CODES[code].title}.`).join(' '),
      content: { 'application/problem+json': { schema: problemSchema } },
    };
  }
  return responses;
}

const headersOf = ({ headers }: ResponseSpec) =>
  headers === undefined
    ? {}
    : {
        headers: Object.fromEntries(
          Object.entries(headers).map(([name, description]) => [
            name,
            { description, schema: { type: 'string' as const } },
          ]),
        ),
      };

const contentOf = ({ schema, type }: ResponseSpec): { content?: Record<string, { schema?: z.ZodType }> } => {
  if (schema) return { content: { [type ?? 'application/json']: { schema } } };
  return type ? { content: { [type]: {} } } : {};
};

/** The problems that follow from a route's access, parameters and body, and those that it declares. */
function problemsOf({
  method,
  access,
  needs,
  takesOver,
  params,
  body,
  rawBody,
  problems = [],
}: Route): ProblemCode[] {
  const codes: ProblemCode[] = ['internal_error', 'invalid_query'];
  if (access !== 'open')
    codes.push('unauthorized', 'too_many_attempts', 'quota_exceeded', 'unavailable', 'csrf_refused');
  if (access !== 'open' && (method !== 'get' || takesOver)) codes.push('read_only');
  if (access === 'project' || access === 'consumer') codes.push('project_required', 'forbidden', 'not_found');
  if (needs) codes.push('capability_missing');
  if (access === 'admin') codes.push('forbidden');
  if (access === 'shared' || access === 'any') codes.push('forbidden', 'not_found');
  if (params) codes.push('not_found', 'invalid_request');
  if (params && method === 'put') codes.push('invalid_id');
  if (body ?? rawBody)
    codes.push('malformed_json', 'payload_too_large', 'unsupported_media_type', 'invalid_body');
  return [...new Set([...codes, ...problems])];
}
