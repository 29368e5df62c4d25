/**
 * What kind of value a keyword has, which determines how it is walked and what it costs. Ajv receives only the keywords
 * listed here that can affect the result. Every keyword that Ajv implements must be listed, or it would be dropped.
 */
export type KeywordKind =
  /** Never affects whether data matches. */
  | 'annotation'
  /** Contains no schema. Checking it takes constant time or time proportional to the keyword's own value. */
  | 'value'
  /** Like `value`, but restricted to strings, numbers, booleans and null. */
  | 'scalars'
  /** Reads the whole string each time. */
  | 'textLength'
  /** Serializes the whole array to compare its items. */
  | 'uniqueItems'
  /** Counts the members of the object each time. */
  | 'memberCount'
  | 'pattern'
  | 'schema'
  | 'schemas'
  | 'namedSchemas'
  /** Applies to each item, member or member name: the data decides how often. */
  | 'perItem'
  | 'perMemberByPattern'
  /** Contains schemas that apply only where they are referenced, or never. */
  | 'unapplied'
  | 'namedUnapplied'
  | 'reference'
  | 'draft'
  | 'unsupported';

const KEYWORDS: Record<KeywordKind, string[]> = {
  annotation: [
    ...['$comment', 'title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly'],
    ...['format', 'contentMediaType', 'contentEncoding'],
  ],
  value: [
    ...['type', 'required', 'dependentRequired', 'minContains', 'maxContains', 'minItems', 'maxItems'],
    ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'],
  ],
  scalars: ['const', 'enum'],
  textLength: ['minLength', 'maxLength'],
  uniqueItems: ['uniqueItems'],
  memberCount: ['minProperties', 'maxProperties'],
  pattern: ['pattern'],
  schema: ['not', 'if', 'then', 'else'],
  schemas: ['allOf', 'anyOf', 'oneOf', 'prefixItems'],
  namedSchemas: ['properties', 'dependentSchemas'],
  perItem: ['items', 'contains', 'additionalProperties', 'propertyNames'],
  perMemberByPattern: ['patternProperties'],
  unapplied: ['contentSchema'],
  namedUnapplied: ['$defs', 'definitions'],
  reference: ['$ref'],
  draft: ['$schema'],
  unsupported: [
    ...['$id', 'id', '$anchor', '$dynamicAnchor', '$dynamicRef', '$recursiveRef', '$recursiveAnchor'],
    ...['$vocabulary', '$async', 'nullable', 'dependencies', 'additionalItems'],
    ...['unevaluatedItems', 'unevaluatedProperties'],
  ],
};

const kinds = new Map(
  Object.entries(KEYWORDS).flatMap(([kind, keywords]) =>
    keywords.map((keyword) => [keyword, kind as KeywordKind]),
  ),
);

/** The kind of a keyword. Undefined for an unknown keyword, which is ignored and never passed to Ajv. */
export const keywordKind = (keyword: string): KeywordKind | undefined => kinds.get(keyword);
