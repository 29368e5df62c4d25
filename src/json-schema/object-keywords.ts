import { at, type Check, type CheckRun, isObject, type Place, pointerStep, type Seen } from './check.ts';
import { countOf, type Keyword, type KeywordPlace, membersOf, namesOf } from './keyword.ts';
import { compilePattern, type Pattern } from './pattern.ts';

/** A check of objects alone. */
const ofObjects =
  (
    check: (object: Record<string, unknown>, place: Place, run: CheckRun, seen: Seen | null) => boolean,
  ): Check =>
  (value, place, run, seen) =>
    !isObject(value) || check(value, place, run, seen);

function namesIn(object: Record<string, unknown>, run: CheckRun): string[] {
  const names = Object.keys(object);
  run.spend(names.length);
  return names;
}

const ofSizes = (
  place: KeywordPlace,
  fits: (size: number, limit: number) => boolean,
  inWords: (limit: number) => string,
): Check | undefined => {
  const limit = countOf(place);
  if (limit === undefined) return undefined;
  const detail = inWords(limit);
  return ofObjects(
    (object, where, run) => fits(namesIn(object, run).length, limit) || run.violate(where, detail),
  );
};

function missing(names: string[], object: Record<string, unknown>, run: CheckRun): string[] {
  run.spend(names.length);
  return names.filter((name) => !Object.hasOwn(object, name));
}

const required: Keyword = ({ value, refuse }) => {
  const names = namesOf(value, refuse);
  if (!names) return undefined;
  return ofObjects((object, place, run) => {
    const absent = missing(names, object, run);
    for (const name of absent) run.violate(at(place, name), 'is required (required)');
    return absent.length === 0;
  });
};

const dependentRequired: Keyword = ({ value, pointer, refuse }) => {
  if (!isObject(value)) return refuse('must be an object of arrays of names');
  const needs = Object.entries(value).map(
    ([name, names]) => [name, namesOf(names, refuse, pointer + pointerStep(name)) ?? []] as const,
  );
  return ofObjects((object, place, run) => {
    run.spend(needs.length);
    const absent = needs.flatMap(([name, names]) =>
      Object.hasOwn(object, name) ? missing(names, object, run) : [],
    );
    for (const name of absent)
      run.violate(at(place, name), 'is required beside another member (dependentRequired)');
    return absent.length === 0;
  });
};

const dependentSchemas: Keyword = (place) => {
  const schemas = membersOf(place)?.map(
    ([name, schema, pointer]) => [name, place.inPlace(schema, pointer)] as const,
  );
  if (!schemas) return undefined;
  return ofObjects((object, where, run, seen) => {
    run.spend(schemas.length);
    return schemas.every(([name, check]) => !Object.hasOwn(object, name) || check(object, where, run, seen));
  });
};

/** Checks a member of an object and notes that it was looked at. */
function checkMember(
  check: Check,
  object: Record<string, unknown>,
  name: string,
  place: Place,
  run: CheckRun,
  seen: Seen | null,
): boolean {
  seen?.members.add(name);
  return check(object[name], at(place, name), run, null);
}

const properties: Keyword = (place) => {
  const members = membersOf(place)?.map(
    ([name, schema, pointer]) => [name, place.ofPart(schema, pointer)] as const,
  );
  if (!members) return undefined;
  return ofObjects((object, where, run, seen) => {
    let valid = true;
    run.spend(members.length);
    for (const [name, check] of members) {
      if (!Object.hasOwn(object, name)) continue;
      valid = checkMember(check, object, name, where, run, seen) && valid;
      if (!valid && run.isDecided) return false;
    }
    return valid;
  });
};

const patternProperties: Keyword = (place) => {
  const members = membersOf(place)?.flatMap(([text, schema, pointer]) => {
    const pattern = compilePattern(text);
    if ('problem' in pattern) return place.refuse(pattern.problem, pointer) ?? [];
    return [[pattern, place.ofPart(schema, pointer)] as const];
  });
  if (!members) return undefined;
  return ofObjects((object, where, run, seen) => {
    let valid = true;
    for (const name of namesIn(object, run)) {
      for (const [pattern, check] of members) {
        if (!pattern.test(name, run)) continue;
        valid = checkMember(check, object, name, where, run, seen) && valid;
        if (!valid && run.isDecided) return false;
      }
    }
    return valid;
  });
};

/** The members that `properties` and `patternProperties` beside it do not name. */
const additionalProperties: Keyword = ({ value, schema, pointer, ofPart }) => {
  const check = ofPart(value, pointer);
  const named = new Set(isObject(schema.properties) ? Object.keys(schema.properties) : []);
  const texts = isObject(schema.patternProperties) ? Object.keys(schema.patternProperties) : [];
  // One that cannot be compiled is refused where it stands.
  const patterns = texts.map(compilePattern).filter((pattern): pattern is Pattern => 'test' in pattern);
  return ofObjects((object, where, run, seen) => {
    let valid = true;
    for (const name of namesIn(object, run)) {
      if (named.has(name) || patterns.some((pattern) => pattern.test(name, run))) continue;
      valid = checkMember(check, object, name, where, run, seen) && valid;
      if (!valid && run.isDecided) return false;
    }
    return valid;
  });
};

const propertyNames: Keyword = ({ value, pointer, ofPart }) => {
  const check = ofPart(value, pointer);
  return ofObjects((object, place, run) => {
    let valid = true;
    for (const name of namesIn(object, run)) {
      if (run.unheard(() => check(name, place, run, null))) continue;
      valid = run.violate(at(place, name), 'has a name that it may not have (propertyNames)');
      if (run.isDecided) return false;
    }
    return valid;
  });
};

/** What the rest of the schema has not looked at. Compiled last, so that it runs last. */
export const unevaluatedProperties: Keyword = ({ value, pointer, ofPart }) => {
  const check = ofPart(value, pointer);
  return ofObjects((object, place, run, seen) => {
    let valid = true;
    for (const name of namesIn(object, run)) {
      if (seen?.members.has(name)) continue;
      valid = checkMember(check, object, name, place, run, seen) && valid;
      if (!valid && run.isDecided) return false;
    }
    return valid;
  });
};

export const objectKeywords: Record<string, Keyword> = {
  minProperties: (place) =>
    ofSizes(
      place,
      (size, limit) => size >= limit,
      (limit) => `has fewer than ${limit} members (minProperties)`,
    ),
  maxProperties: (place) =>
    ofSizes(
      place,
      (size, limit) => size <= limit,
      (limit) => `has more than ${limit} members (maxProperties)`,
    ),
  required,
  dependentRequired,
  properties,
  patternProperties,
  additionalProperties,
  propertyNames,
  dependentSchemas,
};
