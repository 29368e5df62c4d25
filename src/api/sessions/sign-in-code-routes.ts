import type { Queryable } from '../../store/postgres/database.ts';
import { insertSignInCode } from '../../store/sessions/sign-in-codes.ts';
import type { AuthenticatedCaller, Authentication } from '../auth/authentication.ts';
import type { ApiConfig } from '../dependencies.ts';
import { json, type Route, type SharedCall, sharedRoute } from '../http/route.ts';
import { signInCode } from './session-schemas.ts';

export function signInCodeRoutes(
  { publicUrl }: Pick<ApiConfig, 'publicUrl'>,
  db: Queryable,
  authentication: Authentication,
): Route[] {
  return [
    sharedRoute({
      method: 'post',
      path: '/v1/sign-in-codes',
      operationId: 'createSignInCode',
      rateLimit: 'signInCodes',
      tag: 'Sessions',
      summary: 'Create a link that signs in to the dashboard once',
      description:
        'The session has the rights of the call that created the link, and ends with its key. The link works for 10 minutes.',
      access: 'shared',
      responses: { 201: { description: 'The link, returned only once', schema: signInCode } },
      handle: createSignInCode,
    }),
  ];

  async function createSignInCode({ caller }: SharedCall) {
    const { key, hash } = authentication.newKey('psc');
    const expiresAt = await insertSignInCode(db, { hash, ...ownerOf(caller!) });
    return json(201, { url: `${publicUrl}/dashboard/#code=${key}`, expiresAt });
  }

  function ownerOf(caller: AuthenticatedCaller) {
    if (caller.kind === 'admin')
      return { kind: 'admin' as const, projectId: null, keyHash: authentication.adminMacs[0]! };
    const { projectId, keyHash } = caller.tenant;
    return { kind: 'project' as const, projectId, keyHash: keyHash! };
  }
}
