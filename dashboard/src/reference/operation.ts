import { shellQuoted } from '../kit/text/shell-quoted.ts';

type Schema = { type?: string | string[]; enum?: unknown[] };

export type Parameter = {
  name: string;
  in: 'path' | 'query' | 'header';
  schema?: Schema;
};

/** A call of the OpenAPI document. */
export type Operation = {
  operationId: string;
  method: string;
  path: string;
  parameters: Parameter[];
  hasBody: boolean;
};

/** What the reader filled in: values by the name of their parameter. Empty values are left out of the request. */
export type Filled = { values: ReadonlyMap<Parameter, string>; body: string };

export type PreparedRequest = {
  method: string;
  /** Relative to the address of the API. */
  path: string;
  headers: Record<string, string>;
  body: string | null;
};

type Document = { paths: Record<string, Record<string, Record<string, unknown>>> };

/** The calls of an OpenAPI document by their operation id. */
export function operationsOf(document: Document): Map<string, Operation> {
  const all = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, found]) => ({
      operationId: String(found.operationId),
      method: method.toUpperCase(),
      path,
      parameters: (found.parameters ?? []) as Parameter[],
      hasBody: found.requestBody !== undefined,
    })),
  );
  return new Map(all.map((operation) => [operation.operationId, operation]));
}

/** The values that a parameter may have; null if it may be any. */
export function choicesOf({ schema }: Parameter): string[] | null {
  if (schema?.enum) return schema.enum.map(String);
  return schema?.type === 'boolean' ? ['true', 'false'] : null;
}

export function prepare({ method, path, parameters, hasBody }: Operation, filled: Filled): PreparedRequest {
  const of = (place: Parameter['in']): [string, string][] =>
    parameters
      .filter((parameter) => parameter.in === place)
      .map((parameter): [string, string] => [parameter.name, filled.values.get(parameter) ?? ''])
      .filter(([, value]) => value !== '');
  const query = new URLSearchParams(of('query')).toString();
  const withValues = of('path').reduce(
    (text, [name, value]) => text.replaceAll(`{${name}}`, encodeURIComponent(value)),
    path,
  );
  const body = hasBody && filled.body.trim() !== '' ? filled.body : null;
  return {
    method,
    path: withValues + (query && `?${query}`),
    headers: {
      ...Object.fromEntries(of('header')),
      ...(body !== null && { 'Content-Type': 'application/json' }),
    },
    body,
  };
}

/** The same request for a shell; the key stands in a variable, as no page knows it. */
export function curlOf({ method, path, headers, body }: PreparedRequest, apiUrl: string): string {
  const parts = [
    `curl -sS${method === 'GET' ? '' : ` -X ${method}`} ${shellQuoted(apiUrl + path)}`,
    `-H "Authorization: Bearer $POSTHORN_KEY"`,
    ...Object.entries(headers).map(([name, value]) => `-H ${shellQuoted(`${name}: ${value}`)}`),
    ...(body === null ? [] : [`-d ${shellQuoted(body)}`]),
  ];
  return parts.join(' \\\n  ');
}
