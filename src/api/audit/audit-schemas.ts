import { z } from 'zod';
import { name, pageQuery, pointInTime, storableText, time } from '../http/validation/fields.ts';

export const listAuditQuery = z.strictObject({
  ...pageQuery,
  actor: z
    .string()
    .regex(/^(admin|(key|ses)_[a-z0-9]{1,64})$/, 'must be admin or the id of a key or session')
    .optional()
    .meta({ description: 'Only calls with this key or session: its id, or `admin`' }),
  action: name.optional().meta({ description: 'Only calls of this operation', example: 'deleteEndpoint' }),
  subject: storableText
    .min(1)
    .max(128)
    .optional()
    .meta({ description: 'Only calls that act on what has this id or name' }),
  since: pointInTime.optional().meta({ description: 'Only calls at or after this time' }),
  until: pointInTime.optional().meta({ description: 'Only calls before this time' }),
});

const actor = z.object({
  kind: z.enum(['admin', 'project', 'consumer']).meta({ description: 'The kind of the key or session' }),
  key: z.string().nullable().meta({
    description:
      'The id of the key, or of the key that the session came from; null for the admin key, and for a session of the portal',
  }),
  session: z.string().nullable().meta({ description: 'The id of the session; null for a call with a key' }),
  consumer: z
    .string()
    .nullable()
    .meta({ description: 'The consumer of a consumer key or of a session of the portal' }),
});

export const auditEntry = z
  .object({
    id: z.string(),
    at: time,
    project: z.string().nullable().meta({ description: 'null if the call concerned no single project' }),
    actor,
    action: z.string().meta({ description: 'The operation id of the call in this document' }),
    subject: z.object({
      type: z.string().meta({ example: 'endpoint' }),
      id: z.string().nullable().meta({ description: 'Its id or name; null if the call created nothing' }),
    }),
    fields: z
      .array(z.string())
      .meta({ description: 'The names of the members and parameters that were sent, without their values' }),
    requestId: z.string(),
    status: z.int().nullable().meta({
      description: 'The status of the response. null, and 5xx: the change may or may not have been made',
    }),
  })
  .meta({ id: 'AuditEntry' });
