import type { TlsIdentity } from '../egress/connections/tls-identity.ts';
import type { ClientCredentials, OAuthClient } from '../egress/oauth/client-credentials.ts';
import type { ResponseRules } from '../policy/receiver-instruction.ts';
import type { ProfileLookup } from '../profiles/profile-lookup.ts';
import type { SecretBox } from '../secrets/secret-box.ts';
import { activeSecrets } from '../secrets/secret-rotation.ts';
import type { Claim } from '../store/deliveries/claims/claim-deliveries.ts';
import {
  endpointHeadersContext,
  endpointOAuthContext,
  endpointSecretsContext,
  MASKED,
} from '../store/endpoints/endpoints.ts';
import { targetSecretContext } from '../store/events/accept/insert-events.ts';
import type { Clock } from '../store/postgres/database-clock.ts';
import type { TlsIdentities } from './tls-identities.ts';

/** The part of a request that is stored and shown to users. */
export type RecordedRequest = {
  url: string;
  /** The values of the endpoint's own headers and the access token are masked; the signature is not. */
  maskedHeaders: Record<string, string>;
};

/** The request that is sent to the receiver. */
export type PreparedRequest = RecordedRequest & {
  kind: 'signed';
  headers: Record<string, string>;
  body: Buffer;
  /** The endpoint's own. */
  tls?: TlsIdentity | undefined;
  /** The endpoint's own: `Authorization` is added with an access token. */
  oauth?: OAuthClient | undefined;
  /** Which responses are instructions, by the event's profile. */
  responses: ResponseRules;
};

/** No active secret fits the event's version of the profile. Only another secret can fix that; waiting cannot. */
export type UnsignableRequest = RecordedRequest & { kind: 'unsignable' };

export type PrepareRequest = (claim: Claim) => Promise<PreparedRequest | UnsignableRequest>;

export type PrepareRequestDependencies = {
  profiles: Pick<ProfileLookup, 'find'>;
  box: SecretBox;
  tlsIdentities: TlsIdentities;
  /** Sets the time in the signature, and decides when a replaced secret expires. */
  clock: Clock;
};

/**
 * Decrypts the secrets and signs the request with those that fit the event's profile. Each attempt has the same id and
 * body, and a new timestamp. Throws if a secret cannot be decrypted, or while profiles cannot be read.
 */
export function createPrepareRequest({
  profiles,
  box,
  tlsIdentities,
  clock,
}: PrepareRequestDependencies): PrepareRequest {
  return async (claim) => {
    const profile = await profiles.find(claim.projectId, claim.profile, claim.profileVersion);
    if (!profile) throw new Error(`profile ${claim.profile} version ${claim.profileVersion} not found`);
    const { projectId, endpointId, eventId } = claim;
    const tls = claim.tlsVersion === null ? undefined : await tlsOf(claim, claim.tlsVersion);
    await clock.whenSynced();
    const signedAt = clock.now();
    const active = endpointId
      ? activeSecrets(box.open(claim.secrets, endpointSecretsContext(projectId, endpointId)), signedAt)
      : [box.open(claim.secrets, targetSecretContext(projectId, eventId))];
    const secrets = active.filter((secret) => profile.canSignWith(secret));
    if (secrets.length === 0) return { kind: 'unsignable', url: claim.url, maskedHeaders: {} };
    const signed = profile.requestHeaders({
      id: eventId,
      type: claim.type,
      sequence: claim.sequence,
      consumer: claim.consumer,
      attributes: claim.attributes,
      createdAt: claim.createdAt,
      sentAt: Math.floor(signedAt / 1000),
      body: claim.body,
      secrets,
    });
    const { responses } = profile;
    const oauth = oauthOf(claim, signed);
    const authorization = oauth && { authorization: MASKED };
    const request = {
      kind: 'signed',
      url: claim.url,
      body: claim.body,
      responses,
      ...(tls && { tls }),
      ...(oauth && { oauth }),
    } as const;
    if (!endpointId || !claim.headers)
      return { ...request, headers: signed, maskedHeaders: { ...signed, ...authorization } };
    const opened = box.open(claim.headers, endpointHeadersContext(projectId, endpointId));
    const endpointHeaders = JSON.parse(opened) as Record<string, string>;
    // The profile may have gained a header since the endpoint's headers were validated against it.
    const reserved = { ...signed, ...authorization };
    const reservedNames = new Set(Object.keys(reserved).map((name) => name.toLowerCase()));
    for (const name of Object.keys(endpointHeaders))
      if (reservedNames.has(name.toLowerCase())) delete endpointHeaders[name];
    const masked = Object.fromEntries(Object.keys(endpointHeaders).map((name) => [name, MASKED]));
    return {
      ...request,
      headers: { ...endpointHeaders, ...signed },
      maskedHeaders: { ...masked, ...reserved },
    };
  };

  /** Undefined also if the profile sets the header of the token itself. */
  function oauthOf(
    { projectId, endpointId, oauth }: Claim,
    signed: Record<string, string>,
  ): OAuthClient | undefined {
    if (endpointId === null || oauth === null) return undefined;
    if (Object.keys(signed).some((name) => name.toLowerCase() === 'authorization')) return undefined;
    const version = box.open(oauth, endpointOAuthContext(projectId, endpointId));
    const credentials = JSON.parse(version) as ClientCredentials;
    return { projectId, endpointId, credentials, version };
  }

  async function tlsOf({ projectId, endpointId }: Claim, version: string): Promise<TlsIdentity | undefined> {
    return endpointId === null ? undefined : tlsIdentities.get(projectId, endpointId, version);
  }
}
