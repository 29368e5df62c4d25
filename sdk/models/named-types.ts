import type { OpenApi, Schema } from './openapi-document.ts';

/** The types of both SDKs: the schemas of the document, and the query parameters of each operation. */
export function collectNamedTypes({ paths, components }: OpenApi): [name: string, schema: Schema][] {
  const operations = Object.values(paths).flatMap((item) => Object.values(item));
  const queries = operations.flatMap(({ operationId, parameters = [] }): [string, Schema][] => {
    const queryParameters = parameters.filter((parameter) => parameter.in === 'query');
    if (queryParameters.length === 0) return [];
    const properties = Object.fromEntries(
      queryParameters.map(({ name, description, schema }) => [
        name,
        { ...schema, ...(description && { description }) },
      ]),
    );
    const required = queryParameters.flatMap(({ name, required }) => (required ? [name] : []));
    return [[`${capitalize(operationId)}Query`, { type: 'object', properties, required }]];
  });
  return [...Object.entries(components.schemas), ...queries];
}

export const capitalize = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** The alternatives of a schema, which the document writes as `anyOf`, as `oneOf` or as a list of types. */
export function alternatives(schema: Schema): Schema[] | undefined {
  if (Array.isArray(schema.type)) return schema.type.map((type) => ({ ...schema, type }));
  return schema.anyOf ?? schema.oneOf;
}

export const isRequired = (schema: Schema, name: string): boolean => schema.required?.includes(name) ?? false;
