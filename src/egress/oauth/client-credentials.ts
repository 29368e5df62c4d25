export const CLIENT_AUTHENTICATIONS = ['basic', 'body'] as const;
export type ClientAuthentication = (typeof CLIENT_AUTHENTICATIONS)[number];

/** The client credentials with which access tokens are requested (RFC 6749 section 4.4). */
export type ClientCredentials = {
  /** A URL that parseTargetUrl accepted. */
  tokenUrl: string;
  clientId: string;
  clientSecret: string;
  scopes: string[];
  /** A parameter of several token servers, not of RFC 6749: for whom the token is. */
  audience: string | null;
  clientAuthentication: ClientAuthentication;
};

/** Who requests tokens. `version` is another text after each change of the credentials. */
export type OAuthClient = {
  projectId: string;
  endpointId: string;
  credentials: ClientCredentials;
  version: string;
};

/** The headers and the body of a token request. */
export function tokenRequest(credentials: ClientCredentials): {
  headers: Record<string, string>;
  body: Buffer;
} {
  const { clientId, clientSecret, scopes, audience, clientAuthentication } = credentials;
  const inBody = clientAuthentication === 'body';
  const parameters = new URLSearchParams({
    grant_type: 'client_credentials',
    ...(scopes.length > 0 && { scope: scopes.join(' ') }),
    ...(audience !== null && { audience }),
    ...(inBody && { client_id: clientId, client_secret: clientSecret }),
  });
  return {
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
      ...(!inBody && { authorization: basicAuthorization(clientId, clientSecret) }),
    },
    body: Buffer.from(parameters.toString(), 'utf8'),
  };
}

/** Both parts are form-encoded first (RFC 6749 section 2.3.1); otherwise an id with a colon would end in its middle. */
const basicAuthorization = (clientId: string, clientSecret: string): string =>
  `Basic ${Buffer.from(`${formEncoded(clientId)}:${formEncoded(clientSecret)}`).toString('base64')}`;

export const formEncoded = (text: string): string =>
  new URLSearchParams({ v: text }).toString().slice('v='.length);
