import { canonicalText } from './canonical-text.ts';
import { type Check, isObject } from './check.ts';
import { countOf, type Keyword, type KeywordPlace, numberOf } from './keyword.ts';
import { compilePattern } from './pattern.ts';

const TYPES: Record<string, (value: unknown) => boolean> = {
  null: (value) => value === null,
  boolean: (value) => typeof value === 'boolean',
  integer: (value) => Number.isInteger(value),
  number: (value) => typeof value === 'number',
  string: (value) => typeof value === 'string',
  array: Array.isArray,
  object: isObject,
};

const type: Keyword = ({ value, refuse }) => {
  const names: unknown[] = Array.isArray(value) ? value : [value];
  const known = names.filter(
    (name): name is string => typeof name === 'string' && Object.hasOwn(TYPES, name),
  );
  if (names.length === 0 || known.length < names.length)
    return refuse(`must be one or more of ${Object.keys(TYPES).join(', ')}`);
  const tests = known.map((name) => TYPES[name]!);
  const detail = `is not of the type ${known.join(' or ')} (type)`;
  return (data, place, run) => tests.some((test) => test(data)) || run.violate(place, detail);
};

const isScalar = (value: unknown): boolean => typeof value !== 'object' || value === null;
/** Longer lists, and longer values, are not repeated in an answer. */
const SHOWN_OPTIONS = 10;
const SHOWN_CHARACTERS = 200;

function oneOfValues(options: unknown[], keyword: string): Check {
  const scalars = new Set(options.filter(isScalar));
  const texts = new Set(options.filter((option) => !isScalar(option)).map((option) => canonicalText(option)));
  const shown = options.length <= SHOWN_OPTIONS ? JSON.stringify(options).slice(1, -1) : '';
  const list = shown !== '' && shown.length <= SHOWN_CHARACTERS ? `: ${shown}` : '';
  const detail = `is not what it must be${list} (${keyword})`;
  return (data, place, run) => {
    const fits = isScalar(data) ? scalars.has(data) : texts.size > 0 && texts.has(canonicalText(data, run));
    return fits || run.violate(place, detail);
  };
}

const allowed: Keyword = ({ value, refuse }) =>
  Array.isArray(value) && value.length > 0
    ? oneOfValues(value, 'enum')
    : refuse('must be an array of values');

const constant: Keyword = ({ value }) => oneOfValues([value], 'const');

/** A keyword about numbers alone. */
const ofNumbers =
  (fits: (data: number, limit: number) => boolean, inWords: (limit: number) => string): Keyword =>
  (place) => {
    const limit = numberOf(place);
    if (limit === undefined) return undefined;
    const detail = inWords(limit);
    return (data, where, run) => typeof data !== 'number' || fits(data, limit) || run.violate(where, detail);
  };

/** 19.99 / 0.01 is 1998.9999999999998: what is a multiple in decimals must be one here. */
const MULTIPLE_TOLERANCE = 1e-8;
const isMultiple = (data: number, of: number): boolean => {
  const times = data / of;
  return Number.isFinite(times) && Math.abs(times - Math.round(times)) <= MULTIPLE_TOLERANCE;
};

const multipleOf: Keyword = (place) =>
  typeof place.value === 'number' && place.value > 0
    ? ofNumbers(isMultiple, (of) => `is not a multiple of ${of} (multipleOf)`)(place)
    : place.refuse('must be a number above 0');

/** Characters as people count them: one for each code point. Looks at no more of them than decide. */
function hasMore(text: string, than: number): boolean {
  if (text.length <= than) return false;
  if (text.length > 2 * than) return true;
  let count = 0;
  for (const _ of text) if (++count > than) return true;
  return false;
}

const CHARACTERS_A_STEP = 4;

function ofLengths(
  place: KeywordPlace,
  fits: (text: string, limit: number) => boolean,
  inWords: (limit: number) => string,
): Check | undefined {
  const limit = countOf(place);
  if (limit === undefined) return undefined;
  const detail = inWords(limit);
  return (data, where, run) => {
    if (typeof data !== 'string') return true;
    run.spend(Math.ceil(Math.min(data.length, 2 * limit) / CHARACTERS_A_STEP));
    return fits(data, limit) || run.violate(where, detail);
  };
}

const pattern: Keyword = ({ value, refuse }) => {
  if (typeof value !== 'string') return refuse('must be a regular expression');
  const compiled = compilePattern(value);
  if ('problem' in compiled) return refuse(compiled.problem);
  return (data, place, run) =>
    typeof data !== 'string' ||
    compiled.test(data, run) ||
    run.violate(place, 'does not match the pattern (pattern)');
};

/** The keywords about a value that has no parts, or is taken whole. */
export const scalarKeywords: Record<string, Keyword> = {
  type,
  enum: allowed,
  const: constant,
  minimum: ofNumbers(
    (data, limit) => data >= limit,
    (limit) => `is below ${limit} (minimum)`,
  ),
  maximum: ofNumbers(
    (data, limit) => data <= limit,
    (limit) => `is above ${limit} (maximum)`,
  ),
  exclusiveMinimum: ofNumbers(
    (data, limit) => data > limit,
    (limit) => `is not above ${limit} (exclusiveMinimum)`,
  ),
  exclusiveMaximum: ofNumbers(
    (data, limit) => data < limit,
    (limit) => `is not below ${limit} (exclusiveMaximum)`,
  ),
  multipleOf,
  minLength: (place) =>
    ofLengths(
      place,
      (text, limit) => limit === 0 || hasMore(text, limit - 1),
      (limit) => `has fewer than ${limit} characters (minLength)`,
    ),
  maxLength: (place) =>
    ofLengths(
      place,
      (text, limit) => !hasMore(text, limit),
      (limit) => `has more than ${limit} characters (maxLength)`,
    ),
  pattern,
};
