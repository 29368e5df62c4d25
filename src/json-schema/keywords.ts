/**
 * What the value of a keyword is, which says how it is walked and what it costs. Ajv gets the keywords that are named
 * here and are no annotation; one that it implements and that is missing here would be refused.
 */
export type KeywordKind =
  /** Says nothing of the data. */
  | 'annotation'
  /** Holds no schema; looked at in steady time, or in the time that its own value says. */
  | 'value'
  /** The same, of texts, numbers, truth values and null. */
  | 'scalars'
  /** Reads the text of the value each time. */
  | 'reads'
  /** Writes the value anew in order to compare its items. */
  | 'compares'
  /** Goes through the members of the value. */
  | 'counts'
  | 'pattern'
  | 'schema'
  | 'schemas'
  | 'namedSchemas'
  /** Held against each item, member or name of a member: data decides how often. */
  | 'repeated'
  | 'repeatedByPattern'
  /** Schemas that hold only where they are referred to, or never. */
  | 'aside'
  | 'namedAside'
  | 'reference'
  | 'draft'
  | 'refused';

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
  reads: ['minLength', 'maxLength'],
  compares: ['uniqueItems'],
  counts: ['minProperties', 'maxProperties'],
  pattern: ['pattern'],
  schema: ['not', 'if', 'then', 'else'],
  schemas: ['allOf', 'anyOf', 'oneOf', 'prefixItems'],
  namedSchemas: ['properties', 'dependentSchemas'],
  repeated: ['items', 'contains', 'additionalProperties', 'propertyNames'],
  repeatedByPattern: ['patternProperties'],
  aside: ['contentSchema'],
  namedAside: ['$defs', 'definitions'],
  reference: ['$ref'],
  draft: ['$schema'],
  refused: [
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

/** Undefined: no keyword of the draft. It says nothing, and Ajv never sees it. */
export const keywordKind = (keyword: string): KeywordKind | undefined => kinds.get(keyword);
