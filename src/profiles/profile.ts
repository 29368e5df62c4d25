import { z } from 'zod';
import { parseDuration } from '../policy/duration.ts';
import {
  SIGNATURE_ALGORITHMS,
  SIGNATURE_ENCODINGS,
  SIGNED_CONTENTS,
  WHILE_ROTATING,
} from '../signing/signature-scheme.ts';
import {
  BODY_VARIABLES,
  compileTemplate,
  countReferences,
  HEADER_VARIABLES,
  SPREAD_MEMBER,
  templateProblem,
} from './body/template.ts';
import { eventTypesSchema } from './event-type.ts';
import { headerNameProblem, isHeaderValue } from './header-names.ts';

const duration = (min: string, max: string) =>
  z.string().refine((text) => {
    const seconds = parseDuration(text) ?? -1;
    return seconds >= parseDuration(min)! && seconds <= parseDuration(max)!;
  }, `must be a duration such as 30s, 5m or 2h, from ${min} to ${max}`);

/** For people's eyes, in logs and tables: one line of text that Postgres can keep. */
const label = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: few validators of JSON Schema know \p{Cc}
    .regex(/^[^\x00-\x1f\x7f-\x9f]*$/, 'holds a control character')
    .refine((value) => value.isWellFormed(), 'holds half of a surrogate pair');

const headerTemplate = z
  .string()
  .max(1024)
  .superRefine((text, context) => {
    const unfit = isHeaderValue(text) ? undefined : 'printable ASCII without spaces at its ends';
    const problem = templateProblem(text, HEADER_VARIABLES) ?? unfit;
    if (problem) context.addIssue({ code: 'custom', message: problem });
  });

/** `$data` is the event's data as it came, `$test` a truth value; any other text is a template, the rest stands as it is. */
const member = z.union([z.string(), z.number(), z.boolean(), z.null()]).superRefine((value, context) => {
  if (typeof value !== 'string' || value === '$data' || value === '$test') return;
  const problem = templateProblem(value, BODY_VARIABLES);
  if (problem) context.addIssue({ code: 'custom', message: `${problem}; $data and $test stand alone` });
});

/** What examines the examples multiplies their number by this one: without `abort` it would begin all the same. */
const TOO_MANY_REFERENCES = { message: 'templates with more than 200 variables', abort: true };

const isExaminable = (values: unknown[]): boolean =>
  values.reduce<number>((sum, value) => sum + (typeof value === 'string' ? countReferences(value) : 0), 0) <=
  200;

const body = z
  .record(z.string(), member)
  .refine((members) => Object.keys(members).length <= 200, { message: 'more than 200 members', abort: true })
  .refine((members) => isExaminable(Object.values(members)), TOO_MANY_REFERENCES)
  // JavaScript moves such members to the front: what is sent would not be in the order that is written here.
  .refine((members) => !Object.keys(members).some((name) => /^\d+$/.test(name)), 'a member named by digits')
  .refine(
    (members) => !(SPREAD_MEMBER in members) || members[SPREAD_MEMBER] === '$data',
    `"${SPREAD_MEMBER}" spreads "$data" and nothing else`,
  )
  .refine(
    (members) => Object.values(members).filter((value) => value === '$data').length <= 1,
    '$data in more than one place',
  );

/** `$$signature` is a text about one. */
const carriesSignature = (text: string): boolean => compileTemplate(text).variables.has('signature');

const headers = z
  .record(z.string(), headerTemplate)
  .refine((templates) => Object.keys(templates).length <= 20, {
    message: 'more than 20 headers',
    abort: true,
  })
  .refine((templates) => isExaminable(Object.values(templates)), TOO_MANY_REFERENCES)
  .superRefine((templates, context) => {
    const seen = new Set<string>();
    for (const name of Object.keys(templates)) {
      const problem = seen.has(name.toLowerCase()) ? 'named twice' : headerNameProblem(name);
      if (problem) context.addIssue({ code: 'custom', path: [name], message: problem });
      seen.add(name.toLowerCase());
    }
  })
  .refine((templates) => Object.values(templates).some(carriesSignature), {
    message: 'no header carries $signature',
  });

const signature = z
  .strictObject({
    algorithm: z.enum(SIGNATURE_ALGORITHMS),
    content: z.enum(SIGNED_CONTENTS),
    encoding: z.enum(SIGNATURE_ENCODINGS),
    format: z
      .string()
      .max(128)
      .regex(/^[\x21-\x7e]+$/, 'printable ASCII without spaces'),
    whileRotating: z.enum(WHILE_ROTATING),
  })
  .refine(
    ({ format, encoding }) =>
      /^[^$]*(\$sentAt[^$]*)?$/.test(format.replace(`$${encoding}`, '')) && format.includes(`$${encoding}`),
    {
      path: ['format'],
      message: 'holds $hex or $base64, as the encoding says, once, and $sentAt at most once',
    },
  );

const length = z.int().min(1).max(512);

const secret = z
  .strictObject({
    key: z.enum(['utf8', 'base64AfterPrefix']),
    prefix: z.string().regex(/^[A-Za-z0-9_-]{0,32}$/),
    /** Random bytes after the prefix, and how they are written. */
    generated: z.strictObject({ bytes: z.int().min(16).max(64), encoding: z.enum(['hex', 'base64']) }),
    /** utf8: characters of the secret; base64AfterPrefix: bytes of the key. */
    min: length,
    max: length,
    source: z.enum(['generated', 'either', 'provided']),
    returned: z.enum(['once', 'never']),
  })
  .refine(({ min, max }) => min <= max, { path: ['max'], message: 'less than min' })
  .refine(({ key, generated }) => key === 'utf8' || generated.encoding === 'base64', {
    path: ['generated', 'encoding'],
    message: 'base64, since the key is read as base64',
  })
  .refine(
    ({ key, prefix, generated: { bytes, encoding }, min, max }) => {
      const written = prefix.length + (encoding === 'hex' ? bytes * 2 : Math.ceil(bytes / 3) * 4);
      const size = key === 'utf8' ? written : bytes;
      return size >= min && size <= max;
    },
    { path: ['generated'], message: 'a generated secret would break min or max' },
  )
  .refine(({ source, returned }) => returned === 'once' || source === 'provided', {
    path: ['returned'],
    message: "'never' requires source 'provided': nobody would know a secret that Posthorn generates",
  });

/** A provider's wire format and rules, as data, without the checks of its examples. docs/profiles.md describes each field. */
export const profileFields = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,63}$/),
  title: label(128),
  body,
  dataBytes: z.enum(['verbatim', 'reserialized']),
  timestampPrecision: z.enum(['seconds', 'milliseconds']),
  headers,
  signature,
  secret,
  timeout: duration('1s', '60s'),
  policy: z.strictObject({
    delays: z.array(duration('0s', '30d')).max(20),
    jitter: z.number().min(0).max(1),
  }),
  urls: z.strictObject({ httpsOnly: z.boolean(), publicOnly: z.boolean() }),
  /** Plans whose consumers may use webhooks; left out: all. */
  plans: z
    .array(z.string().regex(/^[A-Za-z0-9._-]{1,128}$/))
    .max(100)
    .optional(),
  eventTypes: eventTypesSchema,
  labels: z.strictObject({ undeliverable: label(64) }),
});

/** A profile as it is written, and as it is read. */
export type ProfileSource = z.input<typeof profileFields>;
export type Profile = z.output<typeof profileFields>;
