import {
  isUsableOAuth,
  missingIn,
  needsSecret,
  newOAuthOf,
  oauthChangesOf,
  oauthText,
  textsOf,
} from '../../../../dashboard/src/endpoint/oauth/oauth-draft.ts';
import {
  changesOf,
  draftOf,
  NEW_DRAFT,
  newMembersOf,
} from '../../../../dashboard/src/operator/endpoint/form/endpoint-draft.ts';
import { customerCause } from '../../../../dashboard/src/portal/words.ts';
import type { Endpoint, EndpointOAuthSummary } from '../../../../sdk/typescript/src/models.ts';

const stored: EndpointOAuthSummary = {
  tokenUrl: 'https://login.example.com/token',
  clientId: 'webhooks',
  scopes: ['read', 'write'],
  audience: null,
  clientAuthentication: 'basic',
};
const before = textsOf(stored);
const written = {
  ...textsOf(null),
  tokenUrl: ' https://a.example/token ',
  clientId: ' id ',
  clientSecret: ' with spaces ',
};

test('only what was changed is sent, so that nothing is taken back that somebody else has changed', () => {
  expect(oauthChangesOf(undefined)).toBeUndefined();
  expect(oauthChangesOf(null)).toBeNull();
  expect(oauthChangesOf(before)).toBeUndefined();
  expect(oauthChangesOf({ ...before, scopes: '  read \n write ', clientId: ' webhooks ' })).toBeUndefined();
  expect(oauthChangesOf({ ...before, scopes: '', audience: ' a ' })).toEqual({ scopes: [], audience: 'a' });
  expect(oauthChangesOf({ ...textsOf({ ...stored, audience: 'a' }), audience: '' })).toEqual({
    audience: null,
  });
  expect(oauthChangesOf({ ...before, clientId: 'other', clientAuthentication: 'body' })).toEqual({
    clientId: 'other',
    clientAuthentication: 'body',
  });
});

test('a secret is sent together with the URL that it was written for', () => {
  expect(oauthChangesOf({ ...before, clientSecret: 'new' })).toEqual({
    tokenUrl: stored.tokenUrl,
    clientSecret: 'new',
  });
});

test('client credentials that are new have no empty members', () => {
  const oauth = {
    tokenUrl: 'https://a.example/token',
    clientId: 'id',
    clientSecret: ' with spaces ',
    clientAuthentication: 'basic',
  };
  expect(newOAuthOf(written)).toEqual(oauth);
  expect(oauthChangesOf(written)).toEqual(oauth);
  expect(newOAuthOf({ ...written, scopes: 'a b', audience: 'c' })).toEqual({
    ...oauth,
    scopes: ['a', 'b'],
    audience: 'c',
  });
  expect(newMembersOf({ ...NEW_DRAFT, oauth: written })).toMatchObject({ oauth });
  expect(newMembersOf(NEW_DRAFT)).not.toHaveProperty('oauth');
});

test('the form of an endpoint sends them when they were changed or removed', () => {
  const endpoint = { url: 'https://a.example', events: ['*'], headers: {}, filter: null, oauth: stored };
  const draft = draftOf(endpoint as unknown as Endpoint);
  expect(changesOf({ ...draft, oauth: before }, draft)).toEqual({});
  expect(changesOf({ ...draft, oauth: null }, draft)).toEqual({ oauth: null });
  expect(changesOf({ ...draft, oauth: { ...before, audience: 'a' } }, draft)).toEqual({
    oauth: { audience: 'a' },
  });
});

test('a secret is missing at first, and after another token URL the stored one is of no use', () => {
  expect(Object.keys(missingIn(textsOf(null)))).toEqual(['tokenUrl', 'clientId', 'clientSecret']);
  expect(missingIn(before)).toEqual({});
  expect(isUsableOAuth({ ...before, clientId: ' ' })).toBe(false);
  expect([undefined, null, before, written].map(isUsableOAuth)).toEqual([true, true, true, true]);
  const moved = { ...before, tokenUrl: 'https://other.example/token' };
  expect([before, moved, { ...moved, clientSecret: 'new' }, textsOf(null)].map(needsSecret)).toEqual([
    false,
    true,
    false,
    false,
  ]);
});

test('the folded part says whose tokens the endpoint has once the form is saved', () => {
  expect(oauthText(undefined, null)).toBe('no access tokens');
  expect(oauthText(undefined, stored)).toBe('tokens for the client webhooks');
  expect(oauthText(null, stored)).toBe('no access tokens');
  expect(oauthText({ ...before, clientId: 'other' }, stored)).toBe('tokens for the client other');
});

test('customers read what their token server said, and nothing of the advice to operators', () => {
  const failed = (message: string) => ({
    outcome: 'token_failed' as const,
    statusCode: null,
    error: { code: 'TOKEN_REFUSED', message },
  });
  const cause = 'There was no access token for your server: token server refused the client';
  expect(customerCause(failed('check the clientId (status 401, invalid_client: none (yet))'))).toBe(
    `${cause} (status 401, invalid_client: none (yet))`,
  );
  expect(customerCause(failed('check the clientId'))).toBe(cause);
});
