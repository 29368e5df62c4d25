import { canonicalText } from './canonical-text.ts';
import { at, type Check, type CheckRun, type Place } from './check.ts';
import { countOf, elementsOf, type Keyword, type KeywordPlace } from './keyword.ts';

/** A check of arrays alone. */
const ofArrays =
  (check: (items: unknown[], ...rest: Rest) => boolean): Check =>
  (value, ...rest) =>
    !Array.isArray(value) || check(value, ...rest);
type Rest = Parameters<Check> extends [unknown, ...infer R] ? R : never;

const ofLengths = (
  place: KeywordPlace,
  fits: (length: number, limit: number) => boolean,
  inWords: (limit: number) => string,
): Check | undefined => {
  const limit = countOf(place);
  if (limit === undefined) return undefined;
  const detail = inWords(limit);
  return ofArrays((items, where, run) => fits(items.length, limit) || run.violate(where, detail));
};

const uniqueItems: Keyword = ({ value, refuse }) => {
  if (typeof value !== 'boolean') return refuse('must be true or false');
  if (!value) return undefined;
  return ofArrays((items, place, run) => {
    const texts = new Set<string>();
    for (const [index, item] of items.entries()) {
      run.spend(1);
      const text = canonicalText(item, run);
      if (texts.has(text)) return run.violate(at(place, index), 'is an item a second time (uniqueItems)');
      texts.add(text);
    }
    return true;
  });
};

const prefixItems: Keyword = (place) => {
  const checks = elementsOf(place)?.map(([schema, pointer]) => place.ofPart(schema, pointer));
  if (!checks) return undefined;
  return ofArrays((items, where, run, seen) => {
    let valid = true;
    for (let i = 0; i < Math.min(items.length, checks.length); i++) {
      valid = checks[i]!(items[i], at(where, i), run, null) && valid;
      seen?.items.add(i);
      if (!valid && run.isDecided) return false;
    }
    return valid;
  });
};

/** The items after those that `prefixItems` describes. */
const items: Keyword = ({ value, schema, pointer, refuse, ofPart }) => {
  if (Array.isArray(value)) return refuse('is an array, as in older drafts: write prefixItems');
  const check = ofPart(value, pointer);
  const first = Array.isArray(schema.prefixItems) ? schema.prefixItems.length : 0;
  return ofArrays((all, place, run, seen) => {
    let valid = true;
    for (let i = first; i < all.length; i++) {
      valid = check(all[i], at(place, i), run, null) && valid;
      seen?.items.add(i);
      if (!valid && run.isDecided) return false;
    }
    return valid;
  });
};

const limitOf = (schema: Record<string, unknown>, name: string): number | undefined =>
  typeof schema[name] === 'number' ? schema[name] : undefined;

const contains: Keyword = ({ value, schema, pointer, ofPart }) => {
  const check = ofPart(value, pointer);
  const min = limitOf(schema, 'minContains') ?? 1;
  const max = limitOf(schema, 'maxContains') ?? Number.POSITIVE_INFINITY;
  return ofArrays((all, place, run, seen) => {
    let count = 0;
    for (const [index, item] of all.entries()) {
      if (!run.unheard(() => check(item, place, run, null))) continue;
      count++;
      seen?.items.add(index);
    }
    if (count < min)
      return run.violate(place, `contains fewer than ${min} of the items that it must (contains)`);
    return count <= max || run.violate(place, `contains more than ${max} of such items (maxContains)`);
  });
};

/** `contains` reads it; alone it says nothing. */
const readByContains: Keyword = (place) => {
  countOf(place);
  return undefined;
};

/** What the rest of the schema has not looked at. Compiled last, so that it runs last. */
export const unevaluatedItems: Keyword = ({ value, pointer, ofPart }) => {
  const check = ofPart(value, pointer);
  return ofArrays((all: unknown[], place: Place, run: CheckRun, seen) => {
    let valid = true;
    for (let i = 0; i < all.length; i++) {
      run.spend(1);
      if (seen?.items.has(i)) continue;
      valid = check(all[i], at(place, i), run, null) && valid;
      seen?.items.add(i);
      if (!valid && run.isDecided) return false;
    }
    return valid;
  });
};

export const arrayKeywords: Record<string, Keyword> = {
  minItems: (place) =>
    ofLengths(
      place,
      (length, limit) => length >= limit,
      (limit) => `has fewer than ${limit} items (minItems)`,
    ),
  maxItems: (place) =>
    ofLengths(
      place,
      (length, limit) => length <= limit,
      (limit) => `has more than ${limit} items (maxItems)`,
    ),
  prefixItems,
  items,
  contains,
  minContains: readByContains,
  maxContains: readByContains,
  uniqueItems,
};
