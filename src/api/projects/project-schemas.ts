import { z } from 'zod';
import { catalogueWarnings } from '../event-types/event-type-schemas.ts';
import { duration, name, text, time } from '../http/validation/fields.ts';
import { profileName } from '../profiles/profile-schemas.ts';

const DAY = 86_400;

export const policyOverride = z
  .strictObject({
    delays: z
      .array(duration(0, 30 * DAY, 'at most 30 days'))
      .max(20)
      .optional()
      .meta({ description: 'Delays between attempts', example: ['1m', '5m', '30m', '2h'] }),
    timeout: duration(1, 60, '1 to 60 seconds').optional().meta({ example: '15s' }),
    jitter: z
      .number()
      .min(0)
      .max(1)
      .optional()
      .meta({ description: 'Fraction of each delay; up to this much is added at random' }),
  })
  .meta({ id: 'PolicyOverride', description: "Overrides parts of the profile's policy" });

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
  callbackUrl: z.null(),
  createdAt: time,
};

export const project = z.object(projectFields).meta({ id: 'Project' });

export const changedProject = z
  .object({ ...projectFields, warnings: catalogueWarnings })
  .meta({ id: 'ChangedProject' });

export type ProjectResponse = z.output<typeof project>;
export type ChangedProjectResponse = z.output<typeof changedProject>;
