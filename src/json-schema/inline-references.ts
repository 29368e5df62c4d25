import { keywordKind } from './keywords.ts';
import { isObject, resolveReference } from './references.ts';

/**
 * Returns the schema that is passed to Ajv: references are replaced by the schemas they point to, and keywords whose
 * cost is not measured are removed. The schema must not be recursive. Ajv would compile each referenced schema to a
 * function and copy all previous errors on each failing call, so `contains` or `anyOf` over a reference would take
 * quadratic time.
 */
export function inlineReferences(root: unknown): unknown {
  const inlinedSchemas = new Map<unknown, unknown>();

  function inline(schema: unknown): unknown {
    if (!isObject(schema)) return schema;
    const known = inlinedSchemas.get(schema);
    if (known) return known;
    const members = Object.entries(schema).flatMap(([keyword, value]) => inlineKeyword(keyword, value));
    const copy = Object.fromEntries(members) as Record<string, unknown>;
    if (typeof schema.$ref === 'string') {
      const named = inline(resolveReference(root, schema.$ref));
      copy.allOf = [named, ...(Array.isArray(copy.allOf) ? copy.allOf : [])];
    }
    inlinedSchemas.set(schema, copy);
    return copy;
  }

  function inlineKeyword(keyword: string, value: unknown): [string, unknown][] {
    switch (keywordKind(keyword)) {
      case 'value':
      case 'scalars':
      case 'textLength':
      case 'uniqueItems':
      case 'memberCount':
      case 'pattern':
        return [[keyword, value]];
      case 'schema':
      case 'perItem':
        return [[keyword, inline(value)]];
      case 'schemas':
        return [[keyword, (value as unknown[]).map(inline)]];
      case 'namedSchemas':
      case 'perMemberByPattern': {
        const named = Object.entries(value as object).map(([name, schema]) => [name, inline(schema)]);
        return [[keyword, Object.fromEntries(named)]];
      }
      default:
        return [];
    }
  }

  return inline(root);
}
