import type { AddressGuard } from '../../../egress/addresses/address-guard.ts';
import type { ClientCredentials } from '../../../egress/oauth/client-credentials.ts';
import type { UrlRules } from '../../../egress/target-url.ts';
import { invalidBody, type Problem } from '../../problems/problem.ts';
import { checkedTargetUrl } from '../settings/target-urls.ts';
import type { NewOAuth, OAuthChanges } from './oauth-schemas.ts';

const AUTHORIZATION = 'authorization';

const refused = (pointer: string, detail: string): Problem => invalidBody([{ pointer, detail }]);

/** The client credentials of a registration. Throws invalid_url. */
export function checkedOAuth(input: NewOAuth, rules: UrlRules, guard: AddressGuard): ClientCredentials {
  const { tokenUrl, clientId, clientSecret, scopes = [], audience = null, clientAuthentication } = input;
  return {
    tokenUrl: checkedTargetUrl(tokenUrl, rules, guard, '/oauth/tokenUrl'),
    clientId,
    clientSecret,
    scopes,
    audience,
    clientAuthentication,
  };
}

/** The changes of client credentials, with their URL as it is stored. Throws invalid_url. */
export const checkedOAuthChanges = (
  { tokenUrl, ...changes }: OAuthChanges,
  rules: UrlRules,
  guard: AddressGuard,
): OAuthChanges => ({
  ...changes,
  ...(tokenUrl !== undefined && {
    tokenUrl: checkedTargetUrl(tokenUrl, rules, guard, '/oauth/tokenUrl'),
  }),
});

/**
 * What an endpoint has after a change. Throws invalid_body if a member is missing, or if a token server would get the secret
 * that was meant for another one.
 */
export function changedOAuth(stored: ClientCredentials | null, changes: OAuthChanges): ClientCredentials {
  const { tokenUrl, clientId, clientSecret } = changes;
  if (stored && tokenUrl !== undefined && tokenUrl !== stored.tokenUrl && clientSecret === undefined)
    throw refused(
      '/oauth/clientSecret',
      'is required with another tokenUrl: no server gets the secret of another',
    );
  const required = <T>(name: string, value: T | undefined): T => {
    if (value === undefined) throw refused(`/oauth/${name}`, 'is required: the endpoint has no oauth yet');
    return value;
  };
  const { scopes, audience, clientAuthentication } = changes;
  return {
    tokenUrl: required('tokenUrl', tokenUrl ?? stored?.tokenUrl),
    clientId: required('clientId', clientId ?? stored?.clientId),
    clientSecret: required('clientSecret', clientSecret ?? stored?.clientSecret),
    scopes: scopes === undefined ? (stored?.scopes ?? []) : (scopes ?? []),
    audience: audience === undefined ? (stored?.audience ?? null) : audience,
    clientAuthentication: clientAuthentication ?? stored?.clientAuthentication ?? 'basic',
  };
}

/** Throws invalid_body if something else than an access token sets the header `Authorization`. */
export function refuseOtherAuthorization(
  hasOAuth: boolean,
  headerNames: string[],
  reservedHeaderNames: string[],
): void {
  if (!hasOAuth) return;
  if (headerNames.some((name) => name.toLowerCase() === AUTHORIZATION))
    throw refused('/oauth', 'cannot be set together with a header Authorization in headers');
  if (reservedHeaderNames.includes(AUTHORIZATION))
    throw refused('/oauth', 'cannot be set: the profile sets the header Authorization');
}
