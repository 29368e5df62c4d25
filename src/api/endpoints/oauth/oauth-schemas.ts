import { z } from 'zod';
import { CLIENT_AUTHENTICATIONS } from '../../../egress/oauth/client-credentials.ts';

/** RFC 6749 appendix A: ids, secrets and scopes are visible ASCII. The mask used in responses is refused as a value. */
const visible = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    .regex(/^[\x20-\x7e]*$/, 'has characters other than visible ASCII');

const tokenUrl = z.string().min(1).max(2048).meta({
  description:
    'The token endpoint (RFC 6749 section 3.2). The rules for the URL of the endpoint apply to it as well',
  example: 'https://login.example.com/oauth2/token',
});
const clientId = visible(512).meta({ example: 'webhooks' });
const clientSecret = visible(2048).meta({ description: 'Never returned', example: 'correct horse' });
const scopes = z
  .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/, 'is not a scope'))
  .max(50)
  .meta({ description: 'Sent as `scope`, with spaces between them', example: ['events.write'] });
const audience = visible(2048).meta({
  description: 'Sent as `audience`, which some token servers require',
  example: 'https://hooks.example.com',
});
const clientAuthentication = z.enum(CLIENT_AUTHENTICATIONS).meta({
  description:
    'How the client proves who it is: `basic` sends id and secret in the header `Authorization`, `body` as `client_id` and `client_secret` in the body',
});

const description =
  'OAuth 2 client credentials (RFC 6749 section 4.4): each request to the endpoint has an access token in its header `Authorization`';

/** What a registration sets. */
export const newOAuth = z
  .strictObject({
    tokenUrl,
    clientId,
    clientSecret,
    scopes: scopes.optional(),
    audience: audience.optional(),
    clientAuthentication: clientAuthentication.default('basic'),
  })
  .meta({ id: 'EndpointOAuth', description });

/** What a change sets. */
export const oauthChanges = z
  .strictObject({
    tokenUrl: tokenUrl.optional(),
    clientId: clientId.optional(),
    clientSecret: clientSecret.optional(),
    scopes: scopes.nullable().optional().meta({ description: 'null removes them' }),
    audience: audience.nullable().optional().meta({ description: 'null removes it' }),
    clientAuthentication: clientAuthentication.optional(),
  })
  .meta({ id: 'EndpointOAuthChanges', description });

export const oauthSummary = z
  .object({
    tokenUrl: z.string(),
    clientId: z.string(),
    scopes: z.array(z.string()),
    audience: z.string().nullable(),
    clientAuthentication,
  })
  .meta({
    id: 'EndpointOAuthSummary',
    description: 'The client credentials of the endpoint. Their secret is never returned',
  });

export type NewOAuth = z.output<typeof newOAuth>;
export type OAuthChanges = z.output<typeof oauthChanges>;
export type OAuthSummary = z.output<typeof oauthSummary>;
