import type { OpenApi, Schema } from './openapi-document.ts';

/** What both clients have types for: the schemas of the document, and the query of each operation that has one. */
export function namedTypes({ paths, components }: OpenApi): [name: string, schema: Schema][] {
  const operations = Object.values(paths).flatMap((item) => Object.values(item));
  const queries = operations.flatMap(({ operationId, parameters = [] }): [string, Schema][] => {
    const own = parameters.filter((parameter) => parameter.in === 'query');
    if (own.length === 0) return [];
    const properties = Object.fromEntries(
      own.map(({ name, description, schema }) => [name, { ...schema, ...(description && { description }) }]),
    );
    const required = own.flatMap(({ name, required }) => (required ? [name] : []));
    return [[`${capitalize(operationId)}Query`, { type: 'object', properties, required }]];
  });
  return [...Object.entries(components.schemas), ...queries];
}

export const capitalize = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** `anyOf` of the document, also where it is written as a list of types. */
export function alternatives(schema: Schema): Schema[] | undefined {
  if (Array.isArray(schema.type)) return schema.type.map((type) => ({ ...schema, type }));
  return schema.anyOf ?? schema.oneOf;
}

export const isRequired = (schema: Schema, name: string): boolean => schema.required?.includes(name) ?? false;
