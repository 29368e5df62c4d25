import { z } from 'zod';
import { CAPABILITIES } from '../../policy/capabilities.ts';
import { time } from '../http/validation/fields.ts';

/** A key, a code or a token: the same characters as in the header `Authorization`. */
export const credential = z
  .string()
  .regex(/^[\x21-\x7e]{1,256}$/, 'must be 1 to 256 visible ASCII characters');

export const newSession = z
  .strictObject({
    key: credential.optional().meta({ description: 'The admin key, or a key of a project' }),
    code: credential.optional().meta({ description: 'The code of a sign-in link, instead of a key' }),
    readOnly: z
      .boolean()
      .optional()
      .meta({ description: 'Whether the session may only read, also with a key that may do more' }),
  })
  .refine(({ key, code }) => (key === undefined) !== (code === undefined), {
    path: ['key'],
    message: 'either key or code is required',
  })
  .meta({ id: 'NewSession' });

const theme = z
  .object({
    name: z.string().nullable().meta({ description: 'The name of the product' }),
    logoUrl: z.string().nullable(),
    accent: z.string().nullable().meta({ example: '#4F46E5' }),
    mode: z.enum(['light', 'dark', 'auto']),
    radius: z.int().nullable().meta({ description: 'The radius of corners in pixels' }),
    hideBranding: z.boolean().meta({ description: 'Whether the portal does not mention Posthorn' }),
  })
  .meta({ id: 'PortalTheme' });

export const session = z
  .object({
    kind: z.enum(['admin', 'project', 'consumer']),
    project: z
      .object({ id: z.string(), name: z.string(), profile: z.string() })
      .nullable()
      .meta({ description: 'null for the admin key without the header `Posthorn-Project`' }),
    consumer: z.object({ id: z.string(), name: z.string().nullable() }).nullable(),
    access: z.enum(['full', 'read']).meta({ description: '`read`: only GET and HEAD are allowed' }),
    capabilities: z.array(z.enum(CAPABILITIES)).meta({
      description:
        'What may be done in the portal; all of it, except in a session of a link that leaves some out',
    }),
    expiresAt: time.nullable().meta({
      description:
        'When the session ends if it is not used before then; null for a key, which does not expire',
    }),
    build: z.string().meta({ description: 'Changes when pages of another version are served' }),
    temporalUiUrl: z.string().nullable(),
    sampleReceiverUrl: z.string().nullable().meta({
      description:
        'The URL of the sample receiver of `npm start`; null where there is none. It verifies requests of the profile `standard-webhooks`',
    }),
    theme: theme.nullable().meta({ description: 'The look of the portal; null for an operator' }),
    returnUrl: z.string().nullable().meta({ description: 'Where the portal leads back to' }),
    refreshUrl: z.string().nullable().meta({ description: 'Where the portal gets a new link' }),
    origins: z
      .array(z.string())
      .meta({ description: 'Those with whose pages the portal exchanges messages' }),
  })
  .meta({ id: 'Session' });

export type SessionResponse = z.output<typeof session>;

export const signInCode = z
  .object({
    url: z.string().meta({
      description: 'Signs in once. The code is in the fragment, so it is in no log',
      example: 'https://posthorn.example/dashboard/#code=psc_…',
    }),
    expiresAt: time,
  })
  .meta({ id: 'SignInCode' });
