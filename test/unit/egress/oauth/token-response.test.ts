import { type ClientCredentials, tokenRequest } from '../../../../src/egress/oauth/client-credentials.ts';
import { readTokenResponse } from '../../../../src/egress/oauth/token-response.ts';

const credentials: ClientCredentials = {
  tokenUrl: 'https://login.example/token',
  clientId: 'client:one',
  clientSecret: 'p&ss w+rd%',
  scopes: ['events.write', 'events.read'],
  audience: 'https://hooks.example',
  clientAuthentication: 'basic',
};

const read = (body: unknown, statusCode = 200, more: { truncated?: boolean } = {}) =>
  readTokenResponse(
    {
      kind: 'responded',
      statusCode,
      headers: {},
      body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)),
      truncated: false,
      ...more,
    },
    credentials,
  );

const failureOf = (response: ReturnType<typeof read>): string =>
  response.kind === 'failed' ? `${response.failure.error.code} ${response.failure.error.message}` : 'granted';

test('basic authentication form-encodes id and secret, so that a colon in the id does not end it', () => {
  const { headers, body } = tokenRequest(credentials);
  const [scheme, encoded] = headers.authorization!.split(' ');
  expect(scheme).toBe('Basic');
  expect(Buffer.from(encoded!, 'base64').toString()).toBe('client%3Aone:p%26ss+w%2Brd%25');
  expect(body.toString()).toBe(
    'grant_type=client_credentials&scope=events.write+events.read&audience=https%3A%2F%2Fhooks.example',
  );
});

test('with authentication in the body, the credentials are there and nowhere else', () => {
  const inBody: ClientCredentials = {
    ...credentials,
    clientAuthentication: 'body',
    scopes: [],
    audience: null,
  };
  const { headers, body } = tokenRequest(inBody);
  expect(headers.authorization).toBeUndefined();
  expect(Object.fromEntries(new URLSearchParams(body.toString()))).toEqual({
    grant_type: 'client_credentials',
    client_id: 'client:one',
    client_secret: 'p&ss w+rd%',
  });
});

test.each<[string, unknown, number | null]>([
  ['a number of seconds', 3_600, 3_600_000],
  ['a string of digits', '120', 120_000],
  ['nothing', undefined, null],
  ['another string', 'soon', null],
  ['a negative number', -5, 0],
  ['null', null, null],
])('the lifetime of a token: %s', (_name, expires_in, lifetimeMs) => {
  expect(read({ access_token: 'a.b-c', token_type: 'bearer', expires_in })).toEqual({
    kind: 'granted',
    token: 'a.b-c',
    lifetimeMs,
  });
});

test('a token without a type counts as a bearer token', () => {
  expect(read({ access_token: 'abc' })).toMatchObject({ kind: 'granted', token: 'abc' });
});

test.each<[string, unknown, RegExp]>([
  ['text', '<html>login</html>', /not a JSON object/],
  ['a list', '[]', /not a JSON object/],
  ['nothing', '', /not a JSON object/],
  ['no token', { token_type: 'Bearer' }, /access_token is missing/],
  ['a token that would end its header', { access_token: 'a\r\nx: y' }, /access_token is missing/],
  ['a token with a space', { access_token: 'a b' }, /access_token is missing/],
  ['a token that is too long', { access_token: 'x'.repeat(8_193) }, /longer than 8192/],
  ['another type of token', { access_token: 'abc', token_type: 'DPoP' }, /not Bearer/],
  ['an error with status 200', { error: 'invalid_client' }, /access_token is missing/],
])('a response is no token: %s', (_name, body, expected) => {
  expect(failureOf(read(body))).toMatch(/^TOKEN_RESPONSE_INVALID /);
  expect(failureOf(read(body))).toMatch(expected);
});

test('a response that is longer than is read is no token, even if what was read is', () => {
  expect(failureOf(read({ access_token: 'abc' }, 200, { truncated: true }))).toMatch(
    /^TOKEN_RESPONSE_INVALID .*incomplete/,
  );
});

test('a redirect is not followed', () => {
  expect(failureOf(read('', 307))).toMatch(/^TOKEN_REDIRECTED .*\(status 307\)$/);
});

test('a refusal is told with its status, error and description', () => {
  const body = { error: 'invalid_client', error_description: 'Unknown\u0000\u202e\n client' };
  expect(failureOf(read(body, 401))).toMatch(
    /^TOKEN_REFUSED .*\(status 401, invalid_client: Unknown client\)$/,
  );
  expect(failureOf(read('<html>', 503))).toMatch(/\(status 503\)$/);
  expect(failureOf(read({ error: 7, error_description: [] }, 400))).toMatch(/\(status 400\)$/);
});

test('a long description is cut', () => {
  const message = failureOf(read({ error_description: '🙂'.repeat(1_000) }, 400));
  expect(message).toMatch(/\(status 400, (?:🙂){200}…\)$/u);
});

test.each([
  ['as it is', credentials.clientSecret],
  ['form-encoded', 'p%26ss+w%2Brd%25'],
  ['percent-encoded', encodeURIComponent(credentials.clientSecret)],
  ['as basic authentication', Buffer.from('client%3Aone:p%26ss+w%2Brd%25').toString('base64')],
])('a description that repeats the secret %s is not shown', (_name, secret) => {
  const body = { error: `bad ${secret}`, error_description: `the secret ${secret} is wrong` };
  expect(failureOf(read(body, 401))).toMatch(/\(status 401\)$/);
});
