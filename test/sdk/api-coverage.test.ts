import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { generateModelFiles } from '../../sdk/models/model-files.ts';
import { loadOpenApiDocument, type OpenApi } from '../../sdk/models/openapi-document.ts';
import { PosthornClient } from '../../sdk/typescript/src/index.ts';
import { runPython, SDK_FOLDER, testWithPython } from './run-program.ts';

let document: OpenApi;
beforeAll(async () => {
  document = await loadOpenApiDocument();
});

/** What SDKs do not need: they have keys, and do not sign in. */
const LEFT_OUT = ['Documentation', 'Sessions'];

/** Operations in the form `GET /v1/events/{id}`, without those that SDKs do not need. */
const operations = (): string[] =>
  Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item)
      .filter(([, { tags }]) => !LEFT_OUT.includes(tags[0]!))
      .map(([method]) => `${method.toUpperCase()} ${path}`),
  );

/** A server that records all requests. */
async function startRecorder() {
  const recorded = new Set<string>();
  const server = createServer((request, response) => {
    recorded.add(`${request.method} ${request.url!.split('?')[0]}`);
    request.resume();
    const outcome = 'id: 1\nevent: event.settled\ndata: {"id":"1"}\n\nevent: replaced\ndata: {}\n\n';
    const isStream = /^\/v1\/(outcomes|listeners\/one\/requests)/.test(request.url!);
    response.writeHead(200, { 'content-type': isStream ? 'text/event-stream' : 'application/json' });
    response.end(isStream ? outcome : '{"items":[{}],"nextCursor":null}');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    /** The recorded operations; a request that matches no operation stays a method and path. */
    recorded: () => [...recorded].map((one) => operations().find((operation) => fits(operation, one)) ?? one),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** The document lists a fixed path before a path with a parameter, so the first match is the right one. */
const fits = (operation: string, request: string): boolean =>
  operation === request || new RegExp(`^${operation.replaceAll(/\{\w+\}/g, 'one')}$`).test(request);

type Method = (...args: unknown[]) => unknown;

test('every operation of the API has a method in TypeScript, and every method an operation', async () => {
  const server = await startRecorder();
  const client = new PosthornClient({ url: server.url, apiKey: 'none' });
  for (const resource of Object.values(client) as Record<string, Method>[]) {
    for (const [name, method] of Object.entries(resource)) {
      // These methods do not call the API.
      if (name.startsWith('verify')) continue;
      const result = method('one', {});
      if (isGenerator(result)) {
        await result.next();
        await result.return(undefined);
      }
      await result;
    }
  }
  expect([...new Set(server.recorded())].sort()).toEqual(operations().sort());
  server.close();
});

const isGenerator = (value: unknown): value is AsyncGenerator =>
  typeof value === 'object' && value !== null && Symbol.asyncIterator in value;

testWithPython(
  'every operation of the API has a method in Python, and every method an operation',
  async () => {
    const server = await startRecorder();
    await runPython(['tests/call_every_method.py', server.url]);
    expect([...new Set(server.recorded())].sort()).toEqual(operations().sort());
    server.close();
  },
);

test('the types of both SDKs are what sdk/models/write-models.ts generates', () => {
  for (const [path, text] of Object.entries(generateModelFiles(document))) {
    expect(readFileSync(join(SDK_FOLDER, path), 'utf8')).toBe(text);
  }
});
