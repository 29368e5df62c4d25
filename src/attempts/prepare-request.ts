import type { ProfileLookup } from '../profiles/profile-lookup.ts';
import type { SecretBox } from '../secrets/secret-box.ts';
import { activeSecrets } from '../secrets/secret-rotation.ts';
import type { Claim } from '../store/deliveries/claims/claim-deliveries.ts';
import { endpointHeadersContext, endpointSecretsContext, MASKED } from '../store/endpoints/endpoints.ts';
import { targetSecretContext } from '../store/events/insert-events.ts';
import type { Clock } from '../store/postgres/database-clock.ts';

/** What may be shown of a request. */
export type RecordedRequest = {
  url: string;
  /** The tenant's own values are masked, the signature is not. */
  maskedHeaders: Record<string, string>;
};

/** What goes out. */
export type PreparedRequest = RecordedRequest & {
  kind: 'signed';
  headers: Record<string, string>;
  body: Buffer;
};

/** The profile changed since the event came, and every secret since: no waiting mends that, only another secret. */
export type UnsignableRequest = RecordedRequest & { kind: 'unsignable' };

export type PrepareRequest = (claim: Claim) => Promise<PreparedRequest | UnsignableRequest>;

export type PrepareRequestDependencies = {
  profiles: Pick<ProfileLookup, 'find'>;
  box: SecretBox;
  /** By it the request is signed, and replaced secrets end. */
  clock: Clock;
};

/**
 * Opens the secrets and signs anew, with those that the profile of the event can sign with: same id and body, new
 * time. Throws when a secret does not open, and while the store of profiles is away.
 */
export function createPrepareRequest({ profiles, box, clock }: PrepareRequestDependencies): PrepareRequest {
  return async (claim) => {
    const profile = await profiles.find(claim.projectId, claim.profile, claim.profileVersion);
    if (!profile)
      throw new Error(`the profile ${claim.profile} version ${claim.profileVersion} is not known`);
    const { projectId, endpointId, eventId } = claim;
    await clock.whenSynced();
    const signedAt = clock.now();
    const inForce = endpointId
      ? activeSecrets(box.open(claim.secrets, endpointSecretsContext(projectId, endpointId)), signedAt)
      : [box.open(claim.secrets, targetSecretContext(projectId, eventId))];
    const secrets = inForce.filter((secret) => profile.canSignWith(secret));
    if (secrets.length === 0) return { kind: 'unsignable', url: claim.url, maskedHeaders: {} };
    const own =
      endpointId && claim.headers
        ? (JSON.parse(box.open(claim.headers, endpointHeadersContext(projectId, endpointId))) as Record<
            string,
            string
          >)
        : {};
    const signed = profile.requestHeaders({
      id: eventId,
      type: claim.type,
      consumer: claim.consumer,
      attributes: claim.attributes,
      createdAt: claim.createdAt,
      sentAt: Math.floor(signedAt / 1000),
      body: claim.body,
      secrets,
    });
    // The profile may have changed since the endpoint's headers were checked against it.
    const taken = new Set(Object.keys(signed).map((name) => name.toLowerCase()));
    for (const name of Object.keys(own)) if (taken.has(name.toLowerCase())) delete own[name];
    const masked = Object.fromEntries(Object.keys(own).map((name) => [name, MASKED]));
    return {
      kind: 'signed',
      url: claim.url,
      headers: { ...own, ...signed },
      body: claim.body,
      maskedHeaders: { ...masked, ...signed },
    };
  };
}
