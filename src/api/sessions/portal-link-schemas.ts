import { z } from 'zod';
import { CAPABILITIES } from '../../policy/capabilities.ts';
import { parseDuration } from '../../policy/duration.ts';
import { consumerId, duration, text, time } from '../http/validation/fields.ts';
import { linkTheme, portalUrl } from '../projects/portal-schemas.ts';
import { credential, session } from './session-schemas.ts';

const HOUR = 3_600;
const atLeast = (seconds: number) => (value: string) => parseDuration(value)! >= seconds;

export const newPortalLink = z
  .strictObject({
    consumer: consumerId.meta({ description: 'Whose portal it opens. The consumer is created if it is new' }),
    path: text(200)
      .regex(/^\/?([\w.~@:+%-]+(\/[\w.~@:+%-]+)*\/?)?$/, 'must be a path such as endpoints/ep_01h…')
      .optional()
      .meta({ description: 'The page that it opens, without a leading `/`', example: 'endpoints' }),
    theme: linkTheme.optional(),
    returnUrl: portalUrl.optional().meta({ description: "Instead of the project's" }),
    refreshUrl: portalUrl.optional().meta({ description: "Instead of the project's" }),
    capabilities: z
      .array(z.enum(CAPABILITIES))
      .max(CAPABILITIES.length)
      .optional()
      .meta({ description: 'What the session may do. All of it if left out; `view` always' }),
    expiresIn: duration(1, HOUR, '1 minute to 1 hour')
      .refine(atLeast(60), 'must be at least 1m')
      .optional()
      .meta({ description: 'How long the link can be used; 10m if left out', example: '10m' }),
    sessionFor: duration(1, 7 * 24 * HOUR, '15 minutes to 7 days')
      .refine(atLeast(15 * 60), 'must be at least 15m')
      .optional()
      .meta({
        description: 'How long the session lasts; 8h if left out. It ends an hour after its last use, too',
        example: '8h',
      }),
  })
  .meta({ id: 'NewPortalLink' });

export const portalLink = z
  .object({
    id: z.string(),
    url: z.string().meta({
      description:
        'Opens the portal once. The code is in the fragment, so it is in no log; returned only once',
      example: 'https://posthorn.example/portal/prj_01h…/endpoints#code=plc_…',
    }),
    expiresAt: time,
    sessionSeconds: z.int().meta({ description: 'How long the session lasts, from when the link is opened' }),
    sessionIdleSeconds: z
      .int()
      .meta({ description: 'The session ends earlier if it is not used for so long' }),
  })
  .meta({ id: 'PortalLink' });

export const consumerSession = z
  .object({
    id: z.string(),
    link: z.string().meta({ description: 'The link that it began with. Revoking it ends the session' }),
    capabilities: z.array(z.enum(CAPABILITIES)),
    createdAt: time,
    lastUsedAt: time.meta({ description: 'Recorded at most every five minutes' }),
    expiresAt: time.meta({ description: 'When the session ends if it is not used before then' }),
  })
  .meta({ id: 'ConsumerSession' });

export const newPortalSession = z.strictObject({ code: credential }).meta({ id: 'NewPortalSession' });

export const portalSession = z
  .object({
    token: z
      .string()
      .meta({ description: 'The bearer token of the session, returned only once', example: 'phs_…' }),
    ...session.shape,
  })
  .meta({ id: 'PortalSession' });
