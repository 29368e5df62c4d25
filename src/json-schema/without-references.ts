import { isObject, valueAtReference } from './references.ts';

/** Keywords that hold a schema, an array of them, or an object of them. */
const SCHEMA = ['not', 'if', 'then', 'else', 'items', 'contains', 'additionalProperties', 'propertyNames'];
const UNEVALUATED = ['unevaluatedItems', 'unevaluatedProperties'];
const SCHEMAS = ['allOf', 'anyOf', 'oneOf', 'prefixItems'];
const NAMED_SCHEMAS = ['properties', 'patternProperties', 'dependentSchemas'];

/**
 * The schema with what its references name in their places; it must be without recursion. Ajv makes a function of a
 * schema that is named, and puts the errors of each call into a new array with all before: `contains`, or `anyOf`,
 * over such a schema takes the square of the data.
 */
export function withoutReferences(root: unknown): unknown {
  const done = new Map<unknown, unknown>();

  function inlined(schema: unknown): unknown {
    if (!isObject(schema)) return schema;
    const known = done.get(schema);
    if (known) return known;
    const { $ref, $defs: _, definitions: __, ...rest } = schema;
    const members = Object.entries(rest).map(([keyword, value]) => [keyword, inlinedValue(keyword, value)]);
    const copy = Object.fromEntries(members) as Record<string, unknown>;
    if (typeof $ref === 'string') {
      const named = inlined(valueAtReference(root, $ref));
      copy.allOf = [named, ...(Array.isArray(copy.allOf) ? copy.allOf : [])];
    }
    done.set(schema, copy);
    return copy;
  }

  function inlinedValue(keyword: string, value: unknown): unknown {
    if (SCHEMA.includes(keyword) || UNEVALUATED.includes(keyword)) return inlined(value);
    if (SCHEMAS.includes(keyword) && Array.isArray(value)) return value.map(inlined);
    if (NAMED_SCHEMAS.includes(keyword) && isObject(value))
      return Object.fromEntries(Object.entries(value).map(([name, schema]) => [name, inlined(schema)]));
    return value;
  }

  return inlined(root);
}
