import { z } from 'zod';
import { consumerId, duration, text, time } from '../http/validation/fields.ts';

const url = z.string().min(1).max(2048).meta({ example: 'https://example.com/webhooks' });

const eventPattern = z
  .string()
  .regex(/^(\*|[A-Za-z0-9._-]{1,128}|[A-Za-z0-9._-]{1,126}\.\*)$/, 'must be a type, "*" or "prefix.*"');

const events = z
  .array(eventPattern)
  .min(1)
  .max(100)
  .meta({ description: 'Types to receive: exact, `prefix.*`, or `*`', example: ['render.*'] });

/** RFC 9110: a token, and visible ASCII with spaces inside. The mask of an answer is no value, so it is refused. */
const headers = z
  .record(
    z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}$/, 'is not a header name'),
    z.string().regex(/^(?:[\x21-\x7e](?:[\t\x20-\x7e]{0,2046}[\x21-\x7e])?)?$/, 'is not a header value'),
  )
  .refine((all) => Object.keys(all).length <= 20, 'has more than 20 headers')
  .meta({ description: 'Sent with every delivery, at most 20', example: { 'x-tenant': 'acme' } });

const description = text(1024);

/** Its form and length are the profile's to judge, in the profile's words. */
const secret = z.string();

export const newEndpoint = z
  .strictObject({
    url,
    events: events.optional(),
    secret: secret.optional().meta({
      description: 'Made by Posthorn when left out. Some profiles require it, some refuse it',
    }),
    consumer: consumerId.optional(),
    description: description.optional(),
    headers: headers.optional(),
  })
  .meta({ id: 'NewEndpoint' });

export const endpointChanges = z
  .strictObject({
    url: url.optional(),
    events: events.optional(),
    description: description.nullable().optional(),
    headers: headers.nullable().optional().meta({ description: 'All of them; null removes them' }),
  })
  .meta({ id: 'EndpointChanges' });

const WEEK = 7 * 86_400;

export const secretRotation = z
  .strictObject({
    secret: secret.optional().meta({ description: 'As for a new endpoint' }),
    overlap: duration(0, WEEK, 'at most 7 days')
      .optional()
      .meta({ description: 'How long replaced secrets sign as well; 24h when left out', example: '2h' }),
  })
  .meta({ id: 'SecretRotation' });

const endpointFields = {
  id: z.string(),
  url: z.string(),
  events: z.array(z.string()),
  consumer: z.string().nullable(),
  description: z.string().nullable(),
  headers: z.record(z.string(), z.string()).meta({ description: 'The values are masked' }),
  status: z.enum(['active', 'paused', 'disabled']),
  disabledBy: z.enum(['project', 'consumer']).nullable().meta({
    description: 'Whose key disabled it. Only a key of the project enables what the project disabled',
  }),
  createdAt: time,
  updatedAt: time,
};

export const endpoint = z.object(endpointFields).meta({ id: 'Endpoint' });

export const oneTimeSecret = z
  .string()
  .optional()
  .meta({ description: 'Shown this once; left out where the profile does not show it' });

export const createdEndpoint = z
  .object({ ...endpointFields, secret: oneTimeSecret })
  .meta({ id: 'CreatedEndpoint' });

export type EndpointResponse = z.output<typeof endpoint>;
