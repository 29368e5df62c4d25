import type { Check, CheckRun, Place, Seen } from './check.ts';
import { elementsOf, type Keyword } from './keyword.ts';

/** The branch without being heard: what it looked at counts only if it fits. */
function fits(check: Check, value: unknown, place: Place, run: CheckRun, seen: Seen | null): boolean {
  return run.unheard(() => check(value, place, run, seen));
}

const allOf: Keyword = (place) => {
  const checks = elementsOf(place)?.map(([schema, pointer]) => place.inPlace(schema, pointer));
  if (!checks) return undefined;
  return (value, where, run, seen) => {
    let valid = true;
    for (const check of checks) {
      valid = check(value, where, run, seen) && valid;
      if (!valid && run.isDecided) return false;
    }
    return valid;
  };
};

const anyOf: Keyword = (place) => {
  const checks = elementsOf(place)?.map(([schema, pointer]) => place.inPlace(schema, pointer));
  if (!checks) return undefined;
  return (value, where, run, seen) => {
    let valid = false;
    for (const check of checks) {
      valid = fits(check, value, where, run, seen) || valid;
      // Each branch that fits has looked at members of its own.
      if (valid && !seen) return true;
    }
    return valid || run.violate(where, 'fits none of the schemas that it may fit (anyOf)');
  };
};

const oneOf: Keyword = (place) => {
  const checks = elementsOf(place)?.map(([schema, pointer]) => place.inPlace(schema, pointer));
  if (!checks) return undefined;
  return (value, where, run, seen) => {
    let count = 0;
    for (const check of checks) {
      if (fits(check, value, where, run, seen)) count++;
      if (count > 1)
        return run.violate(where, 'fits more than one of the schemas of which it must fit one (oneOf)');
    }
    return count === 1 || run.violate(where, 'fits none of the schemas of which it must fit one (oneOf)');
  };
};

const not: Keyword = ({ value, pointer, inPlace }) => {
  const check = inPlace(value, pointer);
  return (data, place, run) =>
    !fits(check, data, place, run, null) || run.violate(place, 'fits the schema that it may not fit (not)');
};

const condition: Keyword = ({ value, schema, pointer, inPlace }) => {
  const test = inPlace(value, pointer);
  const beside = (name: string): Check | undefined =>
    Object.hasOwn(schema, name) ? inPlace(schema[name], pointer.replace(/\/if$/, `/${name}`)) : undefined;
  const then = beside('then');
  const otherwise = beside('else');
  return (data, place, run, seen) => {
    const next = fits(test, data, place, run, seen) ? then : otherwise;
    return next === undefined || next(data, place, run, seen);
  };
};

const reference: Keyword = ({ value, refuse, reference: resolve }) =>
  typeof value === 'string' ? resolve(value) : refuse('must be a reference');

/** The keywords that apply other schemas to the same value. */
export const combiningKeywords: Record<string, Keyword> = {
  $ref: reference,
  allOf,
  anyOf,
  oneOf,
  not,
  if: condition,
};
