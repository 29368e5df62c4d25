import { z } from 'zod';
import { formatDuration, parseDuration } from '../../policy/duration.ts';
import { DEFAULT_FAILURE_RULES, type FailureRules, MAX_PROBE_EVERY } from '../../policy/failure-rules.ts';
import { duration } from '../http/validation/fields.ts';

const DAY = 86_400;

const rule = (
  description: string,
  name: keyof FailureRules,
  [max, range]: readonly [number, string] = [90 * DAY, 'at most 90 days'],
) =>
  z
    .union([z.literal('0'), duration(1, max, range)])
    .meta({ description, example: formatDuration(DEFAULT_FAILURE_RULES[name]) });

const fields = {
  coolDownAfter: rule(
    'How long a receiver has to fail, and at least 20 times, until it is sent only probes. 0: never',
    'coolDownAfter',
  ),
  probeEvery: rule(
    'The time to the first probe. It doubles with each probe that fails, up to 5 minutes. 0: no cool-down',
    'probeEvery',
    [MAX_PROBE_EVERY, 'at most 1 day'],
  ),
  warnAfter: rule('When an endpoint that only fails is first reported. 0: never', 'warnAfter'),
  warnAgainAfter: rule('When it is reported once more. 0: never', 'warnAgainAfter'),
  disableAfter: rule('When it is disabled. 0: never', 'disableAfter'),
} satisfies Record<keyof FailureRules, z.ZodType>;

/** What happens to receivers that only fail, as responses show it. */
export const failureRules = z.object(fields).meta({
  id: 'FailureRules',
  description: 'What happens to a receiver that only fails. Times since the first failure; `0` is off',
});

export const failureRulesChanges = z
  .strictObject({
    coolDownAfter: fields.coolDownAfter.optional(),
    probeEvery: fields.probeEvery.optional(),
    warnAfter: fields.warnAfter.optional(),
    warnAgainAfter: fields.warnAgainAfter.optional(),
    disableAfter: fields.disableAfter.optional(),
  })
  .meta({
    id: 'FailureRulesOverride',
    description: 'Replaces the defaults. Omitted members have the default',
  });

type Changes = z.output<typeof failureRulesChanges>;
const names = Object.keys(fields) as (keyof FailureRules)[];

/** The rules as they are stored, in seconds. */
export const storedFailureRules = (changes: Changes): Partial<FailureRules> =>
  Object.fromEntries(
    names.flatMap((name) => {
      const text = changes[name];
      return text === undefined ? [] : [[name, text === '0' ? 0 : parseDuration(text)!]];
    }),
  );

/** The rules in force. */
export function failureRulesResponse(stored: Partial<FailureRules> | null): z.output<typeof failureRules> {
  const text = (name: keyof FailureRules): string => {
    const seconds = stored?.[name] ?? DEFAULT_FAILURE_RULES[name];
    return seconds === 0 ? '0' : formatDuration(seconds);
  };
  return {
    coolDownAfter: text('coolDownAfter'),
    probeEvery: text('probeEvery'),
    warnAfter: text('warnAfter'),
    warnAgainAfter: text('warnAgainAfter'),
    disableAfter: text('disableAfter'),
  };
}
