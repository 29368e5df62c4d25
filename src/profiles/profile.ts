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
  isTemplate,
  SPREAD_MEMBER,
  templateProblem,
} from './body/template.ts';
import { eventTypesSchema } from './event-type.ts';
import { headerNameProblem, isHeaderValue } from './header-names.ts';

/** Status codes after which a delivery is not attempted again. 2xx is a success, and 1xx is never final. */
export const finalStatuses = z
  .array(
    z.string().regex(/^[3-5](?:[0-9]{2}|xx)$/, 'must be a status code from 300 to 599, or 3xx, 4xx, 5xx'),
  )
  .max(50);

const duration = (min: string, max: string) =>
  z.string().refine((text) => {
    const seconds = parseDuration(text) ?? -1;
    return seconds >= parseDuration(min)! && seconds <= parseDuration(max)!;
  }, `must be a duration such as 30s, 5m or 2h, from ${min} to ${max}`);

/** Text for people, in logs and tables: one line that Postgres can store. */
const label = (max: number) =>
  z
    .string()
    .min(1)
    .max(max)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: few JSON Schema validators support \p{Cc}
    .regex(/^[^\x00-\x1f\x7f-\x9f]*$/, 'must not contain control characters')
    .refine((value) => value.isWellFormed(), 'must not contain half of a surrogate pair');

const headerTemplate = z
  .string()
  .max(1024)
  .superRefine((text, context) => {
    const valueProblem = isHeaderValue(text)
      ? undefined
      : 'must be printable ASCII without leading or trailing spaces';
    const problem = templateProblem(text, HEADER_VARIABLES) ?? valueProblem;
    if (problem) context.addIssue({ code: 'custom', message: problem });
  });

/**
 * `$data` is replaced by the data, `$test` by a boolean and `$sequence` by a number. Any other string is a template; other
 * values are sent as they are.
 */
const member = z.union([z.string(), z.number(), z.boolean(), z.null()]).superRefine((value, context) => {
  if (!isTemplate(value)) return;
  const problem = templateProblem(value, BODY_VARIABLES);
  if (problem)
    context.addIssue({ code: 'custom', message: `${problem}; $data and $test must be the whole value` });
});

/** Checking the examples takes time in proportion to examples times variables. Without `abort` the check would still run. */
const TOO_MANY_REFERENCES = {
  message: 'must not have more than 200 variables in its templates',
  abort: true,
};

const hasFewReferences = (values: unknown[]): boolean =>
  values.reduce<number>((sum, value) => sum + (typeof value === 'string' ? countReferences(value) : 0), 0) <=
  200;

const body = z
  .record(z.string(), member)
  .refine((members) => Object.keys(members).length <= 200, {
    message: 'must not have more than 200 members',
    abort: true,
  })
  .refine((members) => hasFewReferences(Object.values(members)), TOO_MANY_REFERENCES)
  // JavaScript moves such members to the front, so the body would not have the order of the profile.
  .refine(
    (members) => !Object.keys(members).some((name) => /^\d+$/.test(name)),
    'must not have a member whose name consists of digits',
  )
  .refine(
    (members) => !(SPREAD_MEMBER in members) || members[SPREAD_MEMBER] === '$data',
    `"${SPREAD_MEMBER}" must have the value "$data"`,
  )
  .refine(
    (members) => Object.values(members).filter((value) => value === '$data').length <= 1,
    'must not contain $data more than once',
  );

/** A substring test would also find `$$signature`, which is a literal text. */
const hasSignatureVariable = (text: string): boolean => compileTemplate(text).variables.has('signature');

const headers = z
  .record(z.string(), headerTemplate)
  .refine((templates) => Object.keys(templates).length <= 20, {
    message: 'must not have more than 20 headers',
    abort: true,
  })
  .refine((templates) => hasFewReferences(Object.values(templates)), TOO_MANY_REFERENCES)
  .superRefine((templates, context) => {
    const names = new Set<string>();
    for (const name of Object.keys(templates)) {
      const problem = names.has(name.toLowerCase()) ? 'must not be named twice' : headerNameProblem(name);
      if (problem) context.addIssue({ code: 'custom', path: [name], message: problem });
      names.add(name.toLowerCase());
    }
  })
  .refine((templates) => Object.values(templates).some(hasSignatureVariable), {
    message: 'must have a header with $signature',
  });

const signature = z
  .strictObject({
    algorithm: z.enum(SIGNATURE_ALGORITHMS),
    content: z.enum(SIGNED_CONTENTS),
    encoding: z.enum(SIGNATURE_ENCODINGS),
    format: z
      .string()
      .max(128)
      .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces'),
    whileRotating: z.enum(WHILE_ROTATING),
  })
  .refine(
    ({ format, encoding }) =>
      /^[^$]*(\$sentAt[^$]*)?$/.test(format.replace(`$${encoding}`, '')) && format.includes(`$${encoding}`),
    {
      path: ['format'],
      message: 'must contain the variable of the encoding ($hex or $base64) once, and $sentAt at most once',
    },
  );

const length = z.int().min(1).max(512);

const secret = z
  .strictObject({
    key: z.enum(['utf8', 'base64AfterPrefix']),
    prefix: z.string().regex(/^[A-Za-z0-9_-]{0,32}$/),
    /** Random bytes after the prefix, and their encoding. */
    generated: z.strictObject({ bytes: z.int().min(16).max(64), encoding: z.enum(['hex', 'base64']) }),
    /** utf8: characters of the secret; base64AfterPrefix: bytes of the key. */
    min: length,
    max: length,
    source: z.enum(['generated', 'either', 'provided']),
    returned: z.enum(['once', 'never']),
  })
  .refine(({ min, max }) => min <= max, { path: ['max'], message: 'must not be less than min' })
  .refine(({ key, generated }) => key === 'utf8' || generated.encoding === 'base64', {
    path: ['generated', 'encoding'],
    message: 'must be base64, because the key is read as base64',
  })
  .refine(
    ({ key, prefix, generated: { bytes, encoding }, min, max }) => {
      const characters = prefix.length + (encoding === 'hex' ? bytes * 2 : Math.ceil(bytes / 3) * 4);
      const size = key === 'utf8' ? characters : bytes;
      return size >= min && size <= max;
    },
    { path: ['generated'], message: 'must produce secrets between min and max' },
  )
  .refine(({ source, returned }) => returned === 'once' || source === 'provided', {
    path: ['returned'],
    message: 'must be once unless source is provided: nobody would know a generated secret',
  });

/** A provider's wire format and rules, without the checks of its examples. docs/profiles.md describes each field. */
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
    finalStatuses: finalStatuses.optional(),
  }),
  /** What a response may ask for besides a retry. Omitted members are true. docs/control.md describes each. */
  responses: z
    .strictObject({
      gone: z.boolean().optional(),
      retryAfter: z.boolean().optional(),
      tooManyRequests: z.boolean().optional(),
      coolDown: z.boolean().optional(),
    })
    .optional(),
  urls: z.strictObject({ httpsOnly: z.boolean(), publicOnly: z.boolean() }),
  /** Plans whose consumers may use webhooks. Omitted: all plans. */
  plans: z
    .array(z.string().regex(/^[A-Za-z0-9._-]{1,128}$/))
    .max(100)
    .optional(),
  eventTypes: eventTypesSchema,
  labels: z.strictObject({ undeliverable: label(64) }),
});

/** A profile before and after parsing. */
export type ProfileSource = z.input<typeof profileFields>;
export type Profile = z.output<typeof profileFields>;
