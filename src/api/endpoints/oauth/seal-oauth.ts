import type { ClientCredentials } from '../../../egress/oauth/client-credentials.ts';
import type { SecretBox } from '../../../secrets/secret-box.ts';
import { endpointOAuthContext } from '../../../store/endpoints/endpoints.ts';
import { changedOAuth } from './checked-oauth.ts';
import type { OAuthChanges, OAuthSummary } from './oauth-schemas.ts';

type Sealed = Buffer | null;

export const sealOAuth = (
  box: SecretBox,
  projectId: string,
  endpointId: string,
  credentials: ClientCredentials | null,
): Sealed =>
  credentials && box.seal(JSON.stringify(credentials), endpointOAuthContext(projectId, endpointId));

export const openOAuth = (
  box: SecretBox,
  projectId: string,
  endpointId: string,
  sealed: Sealed,
): ClientCredentials | null =>
  sealed && (JSON.parse(box.open(sealed, endpointOAuthContext(projectId, endpointId))) as ClientCredentials);

/** A change of what is stored; null removes it. */
export const sealedOAuthChange =
  (box: SecretBox, projectId: string, endpointId: string, changes: OAuthChanges | null) =>
  (stored: Sealed): Sealed =>
    sealOAuth(
      box,
      projectId,
      endpointId,
      changes && changedOAuth(openOAuth(box, projectId, endpointId, stored), changes),
    );

/** The client credentials of an endpoint without their secret. Null: it has none. */
export function oauthSummaryOf(
  box: SecretBox,
  projectId: string,
  endpointId: string,
  sealed: Sealed,
): OAuthSummary | null {
  const credentials = openOAuth(box, projectId, endpointId, sealed);
  if (!credentials) return null;
  const { clientSecret: _, ...summary } = credentials;
  return summary;
}
