import Ajv2020, { type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';

type Operation = {
  operationId: string;
  responses: Record<string, { content?: Record<string, { schema?: object }> }>;
};
export type OpenApi = { paths: Record<string, Record<string, Operation>> };

export type ApiResponse = {
  status: number;
  headers: Headers;
  /** The JSON body; undefined where there is none. */
  body: unknown;
  text: string;
};

export type Client = {
  document: OpenApi;
  /** Calls the API and throws if the OpenAPI document does not describe the response. */
  call(method: string, path: string, options?: CallOptions): Promise<ApiResponse>;
  /** The ids of the operations that have responded at least once. */
  calledOperations: Set<string>;
};

export type CallOptions = {
  key?: string;
  /** Sent as JSON; text and bytes are sent as they are. */
  body?: unknown;
  headers?: Record<string, string>;
};

/** A client of the API at `baseUrl` that validates every response against the API's own OpenAPI document. */
export async function validatingClient(baseUrl: string): Promise<Client> {
  const document = (await (await fetch(`${baseUrl}/openapi.json`)).json()) as OpenApi;
  const validate = validatorOf(document);
  const calledOperations = new Set<string>();
  return {
    document,
    calledOperations,
    async call(method, path, { key, body, headers } = {}) {
      const response = await fetch(baseUrl + path, {
        method,
        headers: {
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: asBody(body) }),
      });
      const text = await response.text();
      const type = response.headers.get('content-type')?.split(';')[0] ?? '';
      const answered = { status: response.status, headers: response.headers, body: parsed(type, text), text };
      const operationId = validate(method, path.split('?')[0]!, type, answered);
      if (operationId !== undefined) calledOperations.add(operationId);
      return answered;
    },
  };
}

const asBody = (body: unknown): string | Uint8Array<ArrayBuffer> =>
  typeof body === 'string' || body instanceof Uint8Array
    ? (body as string | Uint8Array<ArrayBuffer>)
    : JSON.stringify(body);

const parsed = (type: string, text: string): unknown =>
  type.endsWith('json') && text !== '' ? JSON.parse(text) : undefined;

/** Throws what is wrong with a response; returns the id of the operation, undefined if there is none. */
function validatorOf(document: OpenApi) {
  const ajv = new Ajv2020.default({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema(document, 'openapi');
  const compiled = new Map<string, ValidateFunction>();
  const schemaAt = (pointer: string): ValidateFunction => {
    const known = compiled.get(pointer) ?? ajv.compile({ $ref: `openapi#${pointer}` });
    compiled.set(pointer, known);
    return known;
  };

  return (method: string, path: string, type: string, answered: ApiResponse): string | undefined => {
    const found = operationOf(document, method.toLowerCase(), path);
    const where = `${method} ${path} returned ${answered.status} ${type}`;
    if (!found) {
      requireValid(schemaAt('/components/schemas/Problem'), answered.body, where);
      return undefined;
    }
    const response = found.operation.responses[answered.status];
    if (!response) throw new Error(`${where}, which is not in the document: ${answered.text.slice(0, 300)}`);
    if (!response.content && answered.text !== '') throw new Error(`${where} with a body`);
    if (response.content) {
      const content = response.content[type];
      if (!content) throw new Error(`${where}, a type that is not in the document`);
      const steps = [
        'paths',
        found.path,
        method.toLowerCase(),
        'responses',
        String(answered.status),
        'content',
        type,
      ];
      if (content.schema) requireValid(schemaAt(pointerOf([...steps, 'schema'])), answered.body, where);
    }
    return found.operation.operationId;
  };
}

function operationOf(document: OpenApi, method: string, path: string) {
  for (const [pattern, item] of Object.entries(document.paths)) {
    const operation = item[method];
    const matches = new RegExp(`^${pattern.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(
      path,
    );
    if (operation && matches) return { path: pattern, operation };
  }
  return undefined;
}

const pointerOf = (steps: string[]): string =>
  steps.map((step) => `/${encodeURIComponent(step.replaceAll('~', '~0').replaceAll('/', '~1'))}`).join('');

function requireValid(validate: ValidateFunction, value: unknown, where: string): void {
  if (validate(value)) return;
  throw new Error(
    `${where}, not as documented: ${JSON.stringify(validate.errors)} in ${JSON.stringify(value)}`,
  );
}
