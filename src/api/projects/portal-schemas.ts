import { z } from 'zod';
import { text } from '../http/validation/fields.ts';

/** Names and addresses as browsers write them; `;` and `,` would end a part of the content security policy. */
const HOST = /^([a-z0-9.-]+|\[[0-9a-f:.]+\])$/;
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

const isAllowedOrigin = ({ protocol, hostname, username, password }: URL): boolean =>
  HOST.test(hostname) &&
  username === '' &&
  password === '' &&
  (protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname)));

/** An https URL, or one of this machine for development. */
const webUrl = text(2_048).refine(
  (url) => URL.canParse(url) && isAllowedOrigin(new URL(url)),
  'must be a URL with https, or with http on this machine',
);
export const portalUrl = webUrl;

const origin = text(300).refine(
  (url) => URL.canParse(url) && new URL(url).origin === url && isAllowedOrigin(new URL(url)),
  'must be an origin with https such as https://app.example.com, or with http on this machine',
);

const look = {
  logoUrl: webUrl,
  accent: z
    .string()
    .regex(/^#[0-9A-Fa-f]{6}$/, 'must be a color such as #4F46E5')
    .meta({ example: '#4F46E5' }),
  mode: z.enum(['light', 'dark', 'auto']),
  radius: z.int().min(0).max(16).meta({ description: 'The radius of corners in pixels' }),
};

export const linkTheme = z
  .strictObject({
    logoUrl: look.logoUrl.optional(),
    accent: look.accent.optional(),
    mode: look.mode.optional(),
    radius: look.radius.optional(),
  })
  .meta({ id: 'LinkTheme', description: 'Overrides the look that the project sets' });

export const portalSettings = z
  .strictObject({
    name: text(100).min(1).optional().meta({ description: 'The name of the product' }),
    ...linkTheme.shape,
    origins: z
      .array(origin)
      .max(20)
      .optional()
      .meta({
        description: 'Origins whose pages may show the portal in a frame',
        example: ['https://app.example.com'],
      }),
    returnUrl: webUrl.optional().meta({ description: 'Where the portal leads back to' }),
    refreshUrl: webUrl
      .optional()
      .meta({ description: 'Where the portal goes for a new link when its session ends' }),
    hideBranding: z
      .boolean()
      .optional()
      .meta({ description: 'Whether the portal does not mention Posthorn' }),
  })
  .meta({
    id: 'PortalSettings',
    description: 'The look of the portal, and who may show it. What is left out has its default',
  });
