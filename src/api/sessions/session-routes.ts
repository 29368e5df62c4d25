import type { Request } from 'express';
import type { Queryable } from '../../store/postgres/database.ts';
import { newId } from '../../store/postgres/ids.ts';
import { deleteSession, insertOperatorSession } from '../../store/sessions/sessions.ts';
import { signInWithCode } from '../../store/sessions/sign-in-codes.ts';
import type { Authentication } from '../auth/authentication.ts';
import { sha256 } from '../auth/credential.ts';
import { requireSameOrigin } from '../auth/same-origin.ts';
import { newSessionToken } from '../auth/session-lookup.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { type Call, json, plainRoute, type Route, type SharedCall, sharedRoute } from '../http/route.ts';
import { createCallQuotas } from '../limits/call-quotas.ts';
import { Problem } from '../problems/problem.ts';
import { unauthorized } from '../problems/unauthorized.ts';
import type { SessionResponder } from './session-response.ts';
import { newSession, session as sessionSchema } from './session-schemas.ts';

const tag = 'Sessions';
const DASHBOARD_HEADER = {
  'Posthorn-Dashboard': 'Must be `1`: a page of another origin cannot send it',
};
/** Nothing of another user may be left in the browser. */
const CLEAR_SITE_DATA = '"cache", "storage"';

type NewSession = { id: string; hash: Buffer };

export function sessionRoutes(
  { clock, config }: Pick<ApiDependencies, 'clock' | 'config'>,
  db: Queryable,
  authentication: Authentication,
  respond: SessionResponder,
): Route[] {
  const { cookie } = authentication;
  const callQuotas = createCallQuotas(config.quotas);

  return [
    plainRoute({
      method: 'post',
      path: '/v1/session',
      operationId: 'createSession',
      rateLimit: 'signIns',
      tag,
      summary: 'Sign in to the dashboard with a key or a code',
      description:
        'Sets a cookie that only this host gets, and that scripts cannot read. The session ends 12 hours after its last use and 7 days after signing in; within a second, it also ends when its key is deleted, the admin key changes, or the user signs out. Signing in ends the session whose cookie the call has.',
      access: 'open',
      audited: false,
      bodyLimit: 'small',
      requestHeaders: DASHBOARD_HEADER,
      body: newSession,
      responses: {
        201: {
          description: 'The session',
          schema: sessionSchema,
          headers: { 'Set-Cookie': 'The cookie that signs in' },
        },
      },
      problems: [
        'csrf_refused',
        'unauthorized',
        'forbidden',
        'too_many_attempts',
        'quota_exceeded',
        'unavailable',
      ],
      handle: createSession,
    }),
    sharedRoute({
      method: 'get',
      path: '/v1/session',
      operationId: 'getSession',
      tag,
      summary: 'Get who is calling, and what the caller may do',
      access: 'any',
      responses: { 200: { description: 'The session, or the rights of the key', schema: sessionSchema } },
      handle: getSession,
    }),
    sharedRoute({
      method: 'delete',
      path: '/v1/session',
      operationId: 'deleteSession',
      tag,
      summary: 'Sign out',
      description:
        'Ends the session of the call and clears its cookie, also of a session that may only read. A key stays valid.',
      access: 'any',
      needs: 'view',
      readOnlyMay: true,
      audited: false,
      responses: {
        204: {
          description: 'Signed out',
          headers: {
            'Set-Cookie': 'Clears the cookie',
            'Clear-Site-Data': 'Clears what the browser has kept of this host',
          },
        },
      },
      handle: endSession,
    }),
  ];

  async function createSession({ body, request }: Call<{ body: typeof newSession }>) {
    requireSameOrigin(request);
    const replaced = cookie.read(request);
    const token = newSessionToken();
    const created: NewSession = { id: newId('ses', clock.now()), hash: sha256(token) };
    const readOnly = body.readOnly === true;
    if (body.key !== undefined) await signInWithKey(request, body.key, readOnly, created);
    else await useCode(request, body.code!, readOnly, created);
    if (replaced !== undefined) await endReplacedSession(sha256(replaced));
    const caller = await authentication.callerOfNewSession(request, token, 'cookie');
    return json(201, await respond(caller), { 'set-cookie': cookie.set(token) });
  }

  async function signInWithKey(request: Request, key: string, readOnly: boolean, created: NewSession) {
    const { kind, tenant, access } = await authentication.callerOfKey(request, key);
    if (kind === 'consumer')
      throw new Problem('forbidden', 'The key of a consumer does not open the dashboard.');
    // The header Posthorn-Project of this call does not bind the session to a project.
    const owner =
      kind === 'admin'
        ? { kind, projectId: null, keyHash: authentication.adminMacs[0]! }
        : { kind, projectId: tenant.projectId, keyHash: tenant.keyHash! };
    const endCall = tenant && (await callQuotas.admit('signIns', tenant));
    try {
      await insertOperatorSession(db, { ...created, ...owner, access: readOnly ? 'read' : access });
    } finally {
      endCall?.();
    }
  }

  async function useCode(request: Request, code: string, readOnly: boolean, created: NewSession) {
    const access = readOnly ? 'read' : 'full';
    const { adminMacs } = authentication;
    // A code that this installation has not made needs no query.
    const isKnown = code.startsWith('psc_') && authentication.isOwnCode(code);
    if (isKnown && (await signInWithCode(db, { hash: sha256(code), access }, created, adminMacs))) return;
    authentication.countWrongCode(request);
    throw unauthorized('The code is wrong, has expired, or has been used.');
  }

  /** A session that nobody can use any more would otherwise stay for hours. */
  async function endReplacedSession(hash: Buffer): Promise<void> {
    await deleteSession(db, hash);
    authentication.forgetSession(hash);
  }

  async function getSession({ caller }: SharedCall) {
    return json(200, await respond(caller!));
  }

  async function endSession({ caller }: SharedCall) {
    const { session } = caller!;
    if (session) {
      await deleteSession(db, session.hash);
      authentication.forgetSession(session.hash);
    }
    const headers = { 'set-cookie': cookie.clear(), 'clear-site-data': CLEAR_SITE_DATA };
    return { status: 204, headers };
  }
}
