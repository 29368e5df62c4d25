import 'zod-openapi';
import { z } from 'zod';
import { durationPattern } from './duration-pattern.ts';

/** Postgres refuses NUL in text, and half a surrogate pair would be stored as another character. */
const storable = (text: string): boolean => text.isWellFormed() && !text.includes('\u0000');
export const storableText = z.string().refine(storable, 'holds a NUL or half of a surrogate pair');
export const text = (max: number) => storableText.max(max);

/** Types, plans and attribute names. Not dots alone: in an address `.` and `..` lead elsewhere, however they are escaped. */
export const name = z
  .string()
  .max(128, 'has more than 128 characters')
  .regex(/^[.]*[A-Za-z0-9_-][A-Za-z0-9._-]*$/, 'must be of A-Z a-z 0-9 . _ - and not of dots alone');

/** As producers have them: numbers, UUIDs, addresses of mail. */
export const consumerId = z
  .string()
  .max(128, 'has more than 128 characters')
  .regex(
    /^[.]*[A-Za-z0-9_@:+-][A-Za-z0-9._@:+-]*$/,
    'must be of A-Z a-z 0-9 . _ @ : + - and not of dots alone',
  );

/** Without a dot: Standard Webhooks signs `id.timestamp.body`, and a dot in the id would let its end pass for the time. */
export const eventId = z
  .string()
  .regex(/^[A-Za-z0-9_@:+-]{1,128}$/, 'must be 1 to 128 of A-Z a-z 0-9 _ @ : + -');

/** The address of the event would be that of the call for batches. */
export const newEventId = eventId.refine((id) => id !== 'batch', 'is taken by /v1/events/batch');
/** An id that we made; one of another form names nothing. */
export const posthornId = z.string().regex(/^[a-z]{2,3}_[a-z0-9]{1,64}$/, 'is not an id of this kind');
/** A time in a response: a Date, sent as ISO 8601 in UTC. */
export const time = z.date().meta({
  example: '2026-03-26T14:30:00.000Z',
  override: { type: 'string', format: 'date-time', pattern: 'Z$' },
});
export const pointInTime = z.iso.datetime({ offset: true }).meta({ example: '2026-03-26T14:30:00Z' });

/** A duration of at least `min` and at most `max` seconds, as text. */
export const duration = (min: 0 | 1, max: number, inWords: string) =>
  z
    .string()
    .regex(durationPattern(min, max), `must be a duration like 30s, 5m, 2h or 1d, ${inWords}`)
    .meta({ description: `A duration: ${inWords}`, example: '30s' });

/** In a query everything is text. */
export const pageQuery = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(200)
    .default(50)
    .meta({ description: 'Items on a page, at most 200' }),
  cursor: z.string().max(1024).optional().meta({ description: '`nextCursor` of the page before' }),
};

export const pageSchema = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    nextCursor: z
      .string()
      .nullable()
      .meta({ description: 'Pass as `cursor` for the next page; null on the last' }),
  });
