import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { curlOf, operationsOf, prepare } from '../../../../dashboard/src/reference/operation.ts';
import { DOCS_STYLE } from '../../../../src/api/docs/docs-style.ts';

const parameters = [
  { name: 'id', in: 'path' },
  { name: 'limit', in: 'query' },
  { name: 'status', in: 'query' },
  { name: 'Posthorn-Project', in: 'header' },
] as const;
const operation = operationsOf({
  paths: { '/v1/a/{id}/b': { post: { operationId: 'makeB', parameters, requestBody: {} } } },
}).get('makeB')!;
const filled = (values: string[], body: string) => ({
  values: new Map(operation.parameters.map((parameter, i) => [parameter, values[i] ?? ''])),
  body,
});

test('a request is made of what was filled in; empty fields are left out', () => {
  expect(prepare(operation, filled(['a/b?', '5'], '{"c":1}'))).toEqual({
    method: 'POST',
    path: '/v1/a/a%2Fb%3F/b?limit=5',
    headers: { 'Content-Type': 'application/json' },
    body: '{"c":1}',
  });
  expect(prepare(operation, filled(['x', '', 'a,b&c', 'prj_1'], ' '))).toEqual({
    method: 'POST',
    path: '/v1/a/x/b?status=a%2Cb%26c',
    headers: { 'Posthorn-Project': 'prj_1' },
    body: null,
  });
});

test('a curl command holds for a shell whatever was filled in, and never a key', () => {
  const request = prepare(operation, filled(["it's"], `{"a":"it's $HOME"}`));
  expect(curlOf(request, 'https://hooks.example')).toBe(
    [
      "curl -sS -X POST 'https://hooks.example/v1/a/it'\\''s/b' \\",
      '  -H "Authorization: Bearer $POSTHORN_KEY" \\',
      "  -H 'Content-Type: application/json' \\",
      `  -d '{"a":"it'\\''s $HOME"}'`,
    ].join('\n'),
  );
});

test('the reference page has the colours of the dashboard', () => {
  const tokens = readFileSync(join(__dirname, '../../../../dashboard/src/theme/tokens.css'), 'utf8');
  const colours = [...DOCS_STYLE.matchAll(/(--[\w-]+): (light-dark\([^)]*\)|#\w+);/g)];
  expect(colours.length).toBeGreaterThan(10);
  for (const [, name, value] of colours) expect(tokens).toContain(`${name}: ${value};`);
});
