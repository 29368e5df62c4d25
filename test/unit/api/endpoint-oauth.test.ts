import { changedOAuth, refuseOtherAuthorization } from '../../../src/api/endpoints/oauth/checked-oauth.ts';
import { newOAuth, oauthChanges } from '../../../src/api/endpoints/oauth/oauth-schemas.ts';
import { Problem } from '../../../src/api/problems/problem.ts';

const stored = {
  tokenUrl: 'https://login.example/token',
  clientId: 'webhooks',
  clientSecret: 'secret',
  scopes: ['a'],
  audience: 'b',
  clientAuthentication: 'body',
} as const;
const STORED = { ...stored, scopes: [...stored.scopes] };

function pointerOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return `${error.code} ${error.errors.map(({ pointer }) => pointer).join()}`;
  }
  return 'nothing';
}

test('what a change leaves out stays, and null removes scopes and audience', () => {
  expect(changedOAuth(STORED, {})).toEqual(STORED);
  expect(changedOAuth(STORED, { scopes: null, audience: null, clientId: 'other' })).toEqual({
    ...STORED,
    scopes: [],
    audience: null,
    clientId: 'other',
  });
});

test('no token server gets the secret that another one was meant to get', () => {
  const tokenUrl = 'https://elsewhere.example/token';
  expect(pointerOf(() => changedOAuth(STORED, { tokenUrl }))).toBe('invalid_body /oauth/clientSecret');
  expect(changedOAuth(STORED, { tokenUrl: stored.tokenUrl })).toEqual(STORED);
  expect(changedOAuth(STORED, { tokenUrl, clientSecret: 'its own' })).toMatchObject({
    tokenUrl,
    clientSecret: 'its own',
  });
});

test.each([
  [{}, '/oauth/tokenUrl'],
  [{ tokenUrl: stored.tokenUrl }, '/oauth/clientId'],
  [{ tokenUrl: stored.tokenUrl, clientId: 'a' }, '/oauth/clientSecret'],
])('the first change of an endpoint has to be complete: %j', (changes, pointer) => {
  expect(pointerOf(() => changedOAuth(null, changes))).toBe(`invalid_body ${pointer}`);
});

test('an endpoint has one source of the header Authorization', () => {
  const refuse = (hasOAuth: boolean, headers: string[], reserved: string[]) =>
    pointerOf(() => refuseOtherAuthorization(hasOAuth, headers, reserved));
  expect(refuse(true, ['x-a', 'AuthoriZation'], [])).toBe('invalid_body /oauth');
  expect(refuse(true, [], ['authorization'])).toBe('invalid_body /oauth');
  expect(refuse(true, ['x-a'], ['webhook-id'])).toBe('nothing');
  expect(refuse(false, ['authorization'], ['authorization'])).toBe('nothing');
});

test('ids, secrets and scopes are visible ASCII, and basic authentication is the default', () => {
  const { tokenUrl, clientId, clientSecret } = stored;
  expect(newOAuth.parse({ tokenUrl, clientId, clientSecret })).toMatchObject({
    clientAuthentication: 'basic',
  });
  for (const wrong of [
    { clientSecret: '••••' },
    { clientSecret: '' },
    { clientId: 'a\nb' },
    { scopes: ['a b'] },
    { scopes: ['"'] },
    { audience: '' },
    { other: 1 },
  ])
    expect([wrong, oauthChanges.safeParse(wrong).success]).toEqual([wrong, false]);
});
