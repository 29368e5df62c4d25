import type { Queryable } from '../../store/postgres/database.ts';
import { newId } from '../../store/postgres/ids.ts';
import { openPortal } from '../../store/sessions/portal-links.ts';
import type { Authentication } from '../auth/authentication.ts';
import { sha256 } from '../auth/credential.ts';
import { newSessionToken } from '../auth/session-lookup.ts';
import type { ApiDependencies } from '../dependencies.ts';
import { type Call, json, plainRoute, type Route } from '../http/route.ts';
import { Problem } from '../problems/problem.ts';
import { newPortalSession, portalSession } from './portal-link-schemas.ts';
import type { SessionResponder } from './session-response.ts';

export function portalSessionRoutes(
  { clock }: Pick<ApiDependencies, 'clock'>,
  db: Queryable,
  authentication: Authentication,
  respond: SessionResponder,
): Route[] {
  return [
    plainRoute({
      method: 'post',
      path: '/v1/portal-sessions',
      operationId: 'createPortalSession',
      tag: 'Sessions',
      summary: 'Exchange the code of a portal link for a session',
      description:
        'The code works once. The token is sent as `Authorization: Bearer <token>`; it belongs to one tab, and is no cookie, because browsers block cookies in frames of other sites. The session ends after `sessionFor` of the link, and an hour after its last use.',
      access: 'open',
      audited: false,
      bodyLimit: 'small',
      body: newPortalSession,
      responses: { 201: { description: 'The session, with its token', schema: portalSession } },
      problems: ['portal_link_gone', 'too_many_attempts', 'quota_exceeded', 'unavailable', 'unauthorized'],
      handle: createPortalSession,
    }),
  ];

  async function createPortalSession({ body: { code }, request }: Call<{ body: typeof newPortalSession }>) {
    // A code that this installation has not made needs no query, and is a guess.
    if (!code.startsWith('plc_') || !authentication.isOwnCode(code)) {
      authentication.countWrongCode(request);
      throw new Problem('portal_link_gone');
    }
    const token = newSessionToken();
    const session = { id: newId('ses', clock.now()), hash: sha256(token) };
    if (!(await openPortal(db, sha256(code), session))) throw new Problem('portal_link_gone');
    const caller = await authentication.callerOfNewSession(request, token, 'token');
    return json(201, { token, ...(await respond(caller)) });
  }
}
