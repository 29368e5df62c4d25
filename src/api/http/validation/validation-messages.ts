import type { z } from 'zod';

type Issue = z.core.$ZodRawIssue;

/** What a value must be, by the name that zod has for its type. */
const TYPES: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

const UNITS: Record<string, string> = { string: 'characters', array: 'entries', set: 'entries' };

/** What is wrong with a value, for people who know JSON and not zod; what a schema says itself goes before it. */
export function validationMessage(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return wordsOfType(issue);
    case 'invalid_value':
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
    case 'too_big': {
      const unit = UNITS[issue.origin];
      if (unit) return `has more than ${issue.maximum} ${unit}`;
      return `must be ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`;
    }
    case 'too_small': {
      const unit = UNITS[issue.origin];
      if (unit) return issue.minimum === 1 ? 'must not be empty' : `has fewer than ${issue.minimum} ${unit}`;
      return `must be ${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`;
    }
    case 'invalid_format':
      if (issue.format === 'datetime') return 'must be a time like 2026-03-26T14:30:00Z';
      return 'does not have the form that is described for it';
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'unrecognized_keys':
      return 'has members that are not known';
    case 'invalid_union':
      return wordsOfUnion(issue);
    default:
      return 'is not valid';
  }
}

function wordsOfType({ expected, input }: Extract<Issue, { code: 'invalid_type' }>): string {
  if (input === undefined || expected === 'nonoptional') return 'is required';
  if (input === Number.POSITIVE_INFINITY || input === Number.NEGATIVE_INFINITY)
    return 'is too large a number';
  return `must be ${TYPES[expected] ?? 'something else'}`;
}

/** `must be a text, a number, true or false, or null`. */
function wordsOfUnion({ errors, input }: Extract<Issue, { code: 'invalid_union' }>): string {
  if (input === undefined) return 'is required';
  const types = errors.flatMap(([first]) =>
    first?.code === 'invalid_type' && first.path.length === 0 ? [TYPES[first.expected]] : [],
  );
  const known = [...new Set(types.filter((type) => type !== undefined))];
  return known.length > 0 && known.length === errors.length
    ? `must be ${known.slice(0, -1).join(', ')}${known.length > 1 ? ', or ' : ''}${known.at(-1)}`
    : 'has none of the forms that are described for it';
}
