import 'zod-openapi';
import { z } from 'zod';
import { attributesWith } from '../../../profiles/event-type.ts';
import { durationPattern } from './duration-pattern.ts';

/** Postgres rejects NUL in text, and an unpaired surrogate would be stored as another character. */
const storable = (text: string): boolean => text.isWellFormed() && !text.includes('\u0000');
export const storableText = z.string().refine(storable, 'must not contain NUL or an unpaired surrogate');
export const text = (max: number) => storableText.max(max);

export { name } from '../../../profiles/event-type.ts';

export const attributes = attributesWith(storableText);

/** The producer's own id of a customer, such as a number, a UUID or an email address. */
export const consumerId = z
  .string()
  .max(128, 'must have at most 128 characters')
  .regex(
    /^[.]*[A-Za-z0-9_@:+-][A-Za-z0-9._@:+-]*$/,
    'must consist of A-Z a-z 0-9 . _ @ : + - and not only of dots',
  );

/** Dots are rejected: Standard Webhooks signs `id.timestamp.body`, so the end of an id could be mistaken for the timestamp. */
export const eventId = z
  .string()
  .regex(/^[A-Za-z0-9_@:+-]{1,128}$/, 'must be 1 to 128 characters of A-Z a-z 0-9 _ @ : + -');

/** `GET /v1/events/batch` would be the path of the event, and it is the path of the batch call. */
export const newEventId = eventId.refine((id) => id !== 'batch', 'is reserved for /v1/events/batch');
/** An id that Posthorn generated; nothing has an id of another form. */
export const posthornId = z.string().regex(/^[a-z]{2,3}_[a-z0-9]{1,64}$/, 'is not a valid id');
/** A time in a response: a Date, sent as ISO 8601 in UTC. */
export const time = z.date().meta({
  example: '2026-03-26T14:30:00.000Z',
  override: { type: 'string', format: 'date-time', pattern: 'Z$' },
});
export const pointInTime = z.iso.datetime({ offset: true }).meta({ example: '2026-03-26T14:30:00Z' });

/** A point in time that responses show in UTC, where it has to have a year of four digits too (RFC 3339). */
export const shownTime = pointInTime.refine((text) => {
  const year = new Date(text).getUTCFullYear();
  return !(year < 1 || year > 9999); // what is no time has an error already
}, 'must be in the years 1 to 9999, in UTC');

/** A duration from `min` to `max` seconds as text, such as `30s`. `range` describes the limits for people. */
export const duration = (min: 0 | 1, max: number, range: string) =>
  z
    .string()
    .regex(durationPattern(min, max), `must be a duration such as 30s, 5m, 2h or 1d, ${range}`)
    .meta({ description: `A duration, ${range}`, example: '30s' });

/** Query parameters arrive as strings. */
export const pageQuery = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(200)
    .default(50)
    .meta({ description: 'Items per page, at most 200' }),
  cursor: z.string().max(1024).optional().meta({ description: '`nextCursor` of the previous page' }),
};

export const pageSchema = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    nextCursor: z
      .string()
      .nullable()
      .meta({ description: 'Pass it as `cursor` to get the next page; null on the last page' }),
  });

/** One or more of `values`, separated by commas, in a query parameter. */
export const listOf = <T extends string>(values: readonly T[]) => {
  const isValue = (text: string): text is T => values.some((value) => value === text);
  return z
    .string()
    .transform((text, context) => {
      const parts = [...new Set(text.split(','))];
      const known = parts.filter(isValue);
      if (known.length < parts.length)
        context.addIssue({ code: 'custom', message: `must list some of ${values.join(', ')}` });
      return known;
    })
    .meta({ description: `One or more, separated by commas: ${values.join(', ')}`, example: values[0] });
};

const MAX_LISTED_IDS = 50;

/** Up to 50 ids, separated by commas, in a query parameter. */
export const listOfIds = (id: z.ZodString) =>
  z.string().transform((text, context) => {
    const ids = [...new Set(text.split(','))];
    const wrong = ids.find((one) => !id.safeParse(one).success);
    if (wrong !== undefined)
      context.addIssue({ code: 'custom', message: 'must be a list of ids, separated by commas' });
    else if (ids.length > MAX_LISTED_IDS)
      context.addIssue({ code: 'custom', message: `must list at most ${MAX_LISTED_IDS} ids` });
    return ids;
  });

/** `true` or `false` in a query parameter. */
export const flag = z.enum(['true', 'false']).transform((text) => text === 'true');

/** A page that a search may fill, which may end before it has looked at all that might match. */
export const searchedPageSchema = <T extends z.ZodType>(item: T) =>
  pageSchema(item).extend({
    searchedTo: time.nullable().optional().meta({
      description:
        'Of a search: everything created from this time on has been looked at; null if everything has been',
    }),
    complete: z.boolean().optional().meta({
      description: 'Of a search: whether everything has been looked at. Otherwise go on with `nextCursor`',
    }),
  });

export const dateOf = (time: string | undefined): Date | undefined =>
  time === undefined ? undefined : new Date(time);
