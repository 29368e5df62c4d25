import { z } from 'zod';
import { catalogueWarnings } from '../event-types/event-type-schemas.ts';
import { duration, name, text, time } from '../http/validation/fields.ts';
import { profileName } from '../profiles/profile-schemas.ts';
import { failureRules, failureRulesChanges } from './failure-rules.ts';
import { policyOverride } from './policy-schemas.ts';
import { portalSettings } from './portal-schemas.ts';

const DAY = 86_400;

const projectName = text(200).min(1).meta({ example: 'CmdCal' });

const plans = z
  .array(name)
  .max(100)
  .meta({
    description: "Plans that include webhooks; null: the profile's",
    example: ['pro', 'business'],
  });
const schemas = z
  .enum(['enforced', 'off'])
  .meta({ description: 'Whether events whose data violates the schema of their type are refused' });

export const newProject = z
  .strictObject({ name: projectName, profile: profileName.optional() })
  .meta({ id: 'NewProject' });

export const projectChanges = z
  .strictObject({
    name: projectName.optional(),
    profile: profileName.optional(),
    policy: policyOverride.nullable().optional().meta({ description: "null: the profile's" }),
    plans: plans.nullable().optional(),
    schemas: schemas.optional(),
    portal: portalSettings
      .nullable()
      .optional()
      .meta({ description: 'Replaces the settings of the portal; null: the defaults' }),
    failures: failureRulesChanges.nullable().optional().meta({ description: 'null: the defaults' }),
    payloadRetention: duration(1, 3650 * DAY, 'shorter than POSTHORN_RETENTION')
      .nullable()
      .optional()
      .meta({
        description:
          'Removes data, body, and headers and bodies of requests and responses so long after an event was posted, once it has settled; null: they stay as long as the event',
        example: '7d',
      }),
  })
  .meta({ id: 'ProjectChanges' });

export const createdProject = z
  .object({
    id: z.string(),
    name: z.string(),
    profile: z.string(),
    key: z.string().meta({ description: 'A project key, returned only once' }),
  })
  .meta({ id: 'CreatedProject' });

const projectFields = {
  id: z.string(),
  name: z.string(),
  profile: z.string(),
  policy: policyOverride.nullable(),
  plans: plans.nullable(),
  schemas,
  failures: failureRules,
  portal: portalSettings.nullable(),
  payloadRetention: z.string().nullable().meta({
    description: 'When payloads of settled events are removed; null: with their events',
    example: '7d',
  }),
  createdAt: time,
};

export const project = z.object(projectFields).meta({ id: 'Project' });

export const listedProject = z
  .object({
    ...projectFields,
    figures: z
      .object({
        accepted: z.int().meta({ description: 'Accepted events' }),
        attempts: z.int(),
        failed: z.int().meta({ description: 'Failed attempts: those without a 2xx response' }),
        undeliverable: z.int().meta({ description: 'Deliveries that became undeliverable' }),
        open: z.int().meta({ description: 'Deliveries that are open now' }),
        oldestOpenAt: time.nullable().meta({ description: 'When the oldest of them was created' }),
        attention: z.boolean().meta({
          description:
            'Whether any delivery is `retrying`, or `undeliverable` and neither replayed nor dismissed',
        }),
        hourly: z
          .object({ attempts: z.array(z.int()), failed: z.array(z.int()) })
          .meta({ description: 'Of each of the 24 hours, the oldest first' }),
      })
      .optional()
      .meta({ description: 'With `figures=24h`: of the hours that began in the last 24 hours' }),
  })
  .meta({ id: 'ListedProject' });

export const changedProject = z
  .object({ ...projectFields, warnings: catalogueWarnings })
  .meta({ id: 'ChangedProject' });

export type ProjectResponse = z.output<typeof project>;
export type ChangedProjectResponse = z.output<typeof changedProject>;
