import { type Check, isObject, pointerStep } from './check.ts';

/** A keyword of a schema, and what its compiler may ask for. */
export type KeywordPlace = {
  value: unknown;
  /** The schema that the keyword stands in. */
  schema: Record<string, unknown>;
  /** JSON pointer of the keyword within the whole schema. */
  pointer: string;
  /** Notes that the schema cannot be used; undefined, for the compiler of the keyword to return. */
  refuse(detail: string, pointer?: string): undefined;
  /** The check of a schema about this same value, at `pointer`. */
  inPlace(schema: unknown, pointer: string): Check;
  /** The check of a schema about a part of this value. */
  ofPart(schema: unknown, pointer: string): Check;
  /** The check of the schema that a `$ref` names; undefined when it is refused. */
  reference(ref: string): Check | undefined;
};

/** Returns how the keyword checks a value; undefined when there is nothing to check, or it is refused. */
export type Keyword = (place: KeywordPlace) => Check | undefined;

export function countOf({ value, refuse }: KeywordPlace): number | undefined {
  return Number.isSafeInteger(value) && (value as number) >= 0
    ? (value as number)
    : refuse('must be a whole number of 0 or more');
}

export const numberOf = ({ value, refuse }: KeywordPlace): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : refuse('must be a number');

export function namesOf(
  value: unknown,
  refuse: KeywordPlace['refuse'],
  pointer?: string,
): string[] | undefined {
  const areNames = Array.isArray(value) && value.every((name) => typeof name === 'string');
  return areNames ? value : refuse('must be an array of names', pointer);
}

/** The members of an object of schemas, each with its pointer. */
export function membersOf({
  value,
  pointer,
  refuse,
}: KeywordPlace): [name: string, schema: unknown, pointer: string][] | undefined {
  if (!isObject(value)) return refuse('must be an object');
  return Object.entries(value).map(([name, schema]) => [name, schema, pointer + pointerStep(name)]);
}

/** The schemas of an array of them, each with its pointer. */
export function elementsOf({
  value,
  pointer,
  refuse,
}: KeywordPlace): [schema: unknown, pointer: string][] | undefined {
  if (!Array.isArray(value) || value.length === 0) return refuse('must be an array of one schema or more');
  return value.map((schema, i) => [schema, pointer + pointerStep(i)]);
}
