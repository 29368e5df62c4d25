import type { z } from 'zod';

type Issue = z.core.$ZodRawIssue;

/** JSON's names for zod's types. */
const TYPES: Record<string, string> = {
  string: 'a string',
  number: 'a number',
  int: 'an integer',
  boolean: 'true or false',
  array: 'an array',
  tuple: 'an array',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

const UNITS: Record<string, string> = { string: 'characters', array: 'items', set: 'items' };

/** The default message for an invalid value, in terms of JSON. A message that the schema sets itself takes precedence. */
export function validationMessage(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return describeTypeError(issue);
    case 'invalid_value':
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map((value) => JSON.stringify(value)).join(', ')}`;
    case 'too_big': {
      const unit = UNITS[issue.origin];
      if (unit) return `must have at most ${issue.maximum} ${unit}`;
      return `must be ${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`;
    }
    case 'too_small': {
      const unit = UNITS[issue.origin];
      if (unit)
        return issue.minimum === 1 ? 'must not be empty' : `must have at least ${issue.minimum} ${unit}`;
      return `must be ${issue.inclusive === false ? 'greater than' : 'at least'} ${issue.minimum}`;
    }
    case 'invalid_format':
      if (issue.format === 'datetime') return 'must be a date and time such as 2026-03-26T14:30:00Z';
      return 'has an invalid format';
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`;
    case 'unrecognized_keys':
      return 'has unknown members';
    case 'invalid_union':
      return describeUnionError(issue);
    default:
      return 'is invalid';
  }
}

function describeTypeError({ expected, input }: Extract<Issue, { code: 'invalid_type' }>): string {
  if (input === undefined || expected === 'nonoptional') return 'is required';
  if (input === Number.POSITIVE_INFINITY || input === Number.NEGATIVE_INFINITY) return 'is too large';
  const type = TYPES[expected];
  return type === undefined ? 'has an invalid type' : `must be ${type}`;
}

/** For example: `must be a string, a number, true or false, or null`. */
function describeUnionError({ errors, input }: Extract<Issue, { code: 'invalid_union' }>): string {
  if (input === undefined) return 'is required';
  const types = errors.flatMap(([first]) =>
    first?.code === 'invalid_type' && first.path.length === 0 ? [TYPES[first.expected]] : [],
  );
  const known = [...new Set(types.filter((type) => type !== undefined))];
  return known.length > 0 && known.length === errors.length
    ? `must be ${known.slice(0, -1).join(', ')}${known.length > 1 ? ', or ' : ''}${known.at(-1)}`
    : 'has none of the allowed forms';
}
