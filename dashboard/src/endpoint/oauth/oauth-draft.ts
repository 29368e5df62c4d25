import type {
  EndpointOAuth,
  EndpointOAuthChanges,
  EndpointOAuthSummary,
} from '../../../../sdk/typescript/src/models.ts';

/** Texts as they were written. */
export type OAuthTexts = {
  /** What the endpoint had when they were begun. */
  stored: EndpointOAuthSummary | null;
  tokenUrl: string;
  clientId: string;
  /** Empty: the stored one stays. */
  clientSecret: string;
  /** With spaces between them. */
  scopes: string;
  audience: string;
  clientAuthentication: EndpointOAuthSummary['clientAuthentication'];
};

/** Undefined: what the endpoint has stays; null: it is removed. */
export type OAuthDraft = OAuthTexts | null | undefined;

export const textsOf = (stored: EndpointOAuthSummary | null): OAuthTexts => ({
  stored,
  tokenUrl: stored?.tokenUrl ?? '',
  clientId: stored?.clientId ?? '',
  clientSecret: '',
  scopes: stored?.scopes.join(' ') ?? '',
  audience: stored?.audience ?? '',
  clientAuthentication: stored?.clientAuthentication ?? 'basic',
});

export type MissingTexts = Partial<Record<'tokenUrl' | 'clientId' | 'clientSecret', string>>;

/** What the API could only call too short or required. */
export const missingIn = ({ stored, tokenUrl, clientId, clientSecret }: OAuthTexts): MissingTexts => ({
  ...(tokenUrl.trim() === '' && { tokenUrl: 'Write the URL that grants tokens.' }),
  ...(clientId.trim() === '' && { clientId: 'Write the id of the client.' }),
  ...(!stored && clientSecret === '' && { clientSecret: 'Write the secret of the client.' }),
});

export const isUsableOAuth = (draft: OAuthDraft): boolean =>
  !draft || Object.keys(missingIn(draft)).length === 0;

/** Whether the stored secret was meant for another server than the one that is written. */
export const needsSecret = ({ stored, tokenUrl, clientSecret }: OAuthTexts): boolean =>
  stored !== null && stored.tokenUrl !== tokenUrl.trim() && clientSecret === '';

const scopesIn = (text: string): string[] => text.split(/\s+/).filter((scope) => scope !== '');

/** The member of a new endpoint. */
export function newOAuthOf(draft: OAuthDraft): EndpointOAuth | undefined {
  if (!draft) return undefined;
  const { tokenUrl, clientId, clientSecret, clientAuthentication } = draft;
  const [scopes, audience] = [scopesIn(draft.scopes), draft.audience.trim()];
  return {
    tokenUrl: tokenUrl.trim(),
    clientId: clientId.trim(),
    clientSecret,
    ...(scopes.length > 0 && { scopes }),
    ...(audience !== '' && { audience }),
    clientAuthentication,
  };
}

/** The member of a change: only what was changed. Undefined: nothing; null: it is removed. */
export function oauthChangesOf(draft: OAuthDraft): EndpointOAuthChanges | null | undefined {
  if (!draft?.stored) return draft && newOAuthOf(draft);
  const { stored, clientSecret, clientAuthentication } = draft;
  const [tokenUrl, clientId] = [draft.tokenUrl.trim(), draft.clientId.trim()];
  const [scopes, audience] = [scopesIn(draft.scopes), draft.audience.trim() || null];
  const changes: EndpointOAuthChanges = {
    // With a secret always: somebody else may have set another server meanwhile, which must not get it.
    ...((tokenUrl !== stored.tokenUrl || clientSecret !== '') && { tokenUrl }),
    ...(clientId !== stored.clientId && { clientId }),
    ...(clientSecret !== '' && { clientSecret }),
    ...(scopes.join(' ') !== stored.scopes.join(' ') && { scopes }),
    ...(audience !== stored.audience && { audience }),
    ...(clientAuthentication !== stored.clientAuthentication && { clientAuthentication }),
  };
  return Object.keys(changes).length === 0 ? undefined : changes;
}

/** `tokens for the client webhooks`: what the endpoint has once the draft is saved. */
export function oauthText(draft: OAuthDraft, present: EndpointOAuthSummary | null): string {
  const { clientId } = (draft === undefined ? present : draft) ?? {};
  return clientId ? `tokens for the client ${clientId}` : 'no access tokens';
}
