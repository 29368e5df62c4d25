import { z } from 'zod';
import { profileSchema } from '../../profiles/profile-schema.ts';
import { catalogueWarnings } from '../event-types/event-type-schemas.ts';
import { attributes, consumerId, eventId, name, shownTime, time } from '../http/validation/fields.ts';

export const profileName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,63}$/, 'is not the name of a profile')
  .meta({ description: 'The wire format', example: 'standard-webhooks' });

export const profile = profileSchema.meta({
  id: 'Profile',
  description: 'A wire format and its rules, as data. docs/profiles.md describes each member',
});

/** A returned profile can be put again, so it has the type of the request and no second one. */
const profileAsPut = z.unknown().meta({ override: { $ref: '#/components/schemas/Profile' } });

const source = z.enum(['shipped', 'shared', 'own']).meta({
  description: "Whether the profile ships with Posthorn, is shared by all projects, or is the project's own",
});

const version = z.int().min(1);

export const versionQuery = z.strictObject({
  version: z.coerce
    .number()
    .int()
    .min(1)
    .max(1_000_000)
    .optional()
    .meta({ description: 'Default: the newest version' }),
});

export const listedProfile = z
  .object({
    name: z.string(),
    version,
    source,
    title: z.string(),
    eventTypes: z.array(z.string()).meta({ description: 'The event types in its catalogue' }),
  })
  .meta({ id: 'ListedProfile' });

export const storedProfile = z
  .object({ name: z.string(), version, source, profile: profileAsPut })
  .meta({ id: 'StoredProfile' });

export const changedProfile = z
  .object({ name: z.string(), version, source, warnings: catalogueWarnings, profile: profileAsPut })
  .meta({ id: 'ChangedProfile' });

export const newPreview = z
  .strictObject({
    type: name.meta({ example: 'render.completed' }),
    data: z.unknown().optional().meta({ description: 'Any JSON value. Default: the example of the type' }),
    attributes: attributes.optional(),
    consumer: consumerId.optional(),
    id: eventId.optional(),
    createdAt: shownTime.optional().meta({ description: 'When the event was accepted. Default: now' }),
    test: z.boolean().optional().meta({ description: 'Whether the event is a test event' }),
  })
  .meta({ id: 'NewPreview' });

export type PreviewInput = z.output<typeof newPreview>;

export const preview = z
  .object({
    profile: z.string(),
    version,
    id: z.string(),
    type: z.string(),
    consumer: z.string().nullable(),
    attributes: z.record(z.string(), z.string()),
    createdAt: time,
    sentAt: time.meta({ description: 'When the request was signed' }),
    secret: z.string().meta({ description: 'Generated for this preview and used for nothing else' }),
    headers: z
      .record(z.string(), z.string())
      .meta({ description: 'The headers of the profile. The connection and the endpoint add their own' }),
    body: z.string().meta({ description: 'The exact body, as UTF-8' }),
  })
  .meta({ id: 'Preview' });

export type PreviewResponse = z.output<typeof preview>;
export type StoredProfileResponse = z.output<typeof storedProfile>;
