import { keywordKind } from './keywords.ts';
import { isObject, resolveReference } from './references.ts';

/**
 * The schema as Ajv gets it: with what its references name in their places, and nothing but the keywords that the
 * bounds reckon with; it must be without recursion. Ajv makes a function of a schema that is named, and puts the errors
 * of each call into a new array with all before: `contains`, or `anyOf`, over such a schema takes the square of the data.
 */
export function inlineReferences(root: unknown): unknown {
  const done = new Map<unknown, unknown>();

  function inlined(schema: unknown): unknown {
    if (!isObject(schema)) return schema;
    const known = done.get(schema);
    if (known) return known;
    const members = Object.entries(schema).flatMap(([keyword, value]) => member(keyword, value));
    const copy = Object.fromEntries(members) as Record<string, unknown>;
    if (typeof schema.$ref === 'string') {
      const named = inlined(resolveReference(root, schema.$ref));
      copy.allOf = [named, ...(Array.isArray(copy.allOf) ? copy.allOf : [])];
    }
    done.set(schema, copy);
    return copy;
  }

  function member(keyword: string, value: unknown): [string, unknown][] {
    switch (keywordKind(keyword)) {
      case 'value':
      case 'scalars':
      case 'reads':
      case 'compares':
      case 'counts':
      case 'pattern':
        return [[keyword, value]];
      case 'schema':
      case 'repeated':
        return [[keyword, inlined(value)]];
      case 'schemas':
        return [[keyword, (value as unknown[]).map(inlined)]];
      case 'namedSchemas':
      case 'repeatedByPattern': {
        const named = Object.entries(value as object).map(([name, schema]) => [name, inlined(schema)]);
        return [[keyword, Object.fromEntries(named)]];
      }
      default:
        return [];
    }
  }

  return inlined(root);
}
