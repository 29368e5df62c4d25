import 'zod-openapi';
import { z } from 'zod';
import { parseDuration } from '../../policy/duration.ts';

/** Postgres refuses NUL in text, and half a surrogate pair would be stored as another character. */
const storable = (text: string): boolean => text.isWellFormed() && !text.includes('\u0000');
export const anyText = z.string().refine(storable, 'holds a NUL or half of a surrogate pair');
export const text = (max: number) => anyText.max(max);

/** Types, consumers and attribute names. */
export const name = z.string().regex(/^[A-Za-z0-9._-]{1,128}$/, 'must be 1 to 128 of A-Z a-z 0-9 . _ -');
export const eventId = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be 1 to 64 of A-Z a-z 0-9 _ -');
/** An id that we made; one of another form names nothing. */
export const ownId = z.string().regex(/^[a-z]{2,3}_[a-z0-9]{1,64}$/, 'is not an id of this kind');
export const time = z.iso.datetime().meta({ example: '2026-03-26T14:30:00.000Z' });
export const pointInTime = z.iso.datetime({ offset: true }).meta({ example: '2026-03-26T14:30:00Z' });

/** A duration of at least `min` and at most `max` seconds, as text. */
export const duration = (min: number, max: number, inWords: string) =>
  z
    .string()
    .regex(/^\d{1,9}[smhd]$/, 'must be a duration like 30s, 5m, 2h or 1d')
    .refine((value) => isWithin(parseDuration(value), min, max), `must be ${inWords}`)
    .meta({ description: `A duration: ${inWords}`, example: '5m' });

const isWithin = (seconds: number | undefined, min: number, max: number): boolean =>
  seconds !== undefined && seconds >= min && seconds <= max;

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

export const pageOfSchema = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    nextCursor: z
      .string()
      .nullable()
      .meta({ description: 'Pass as `cursor` for the next page; null on the last' }),
  });
