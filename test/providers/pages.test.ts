import { readFileSync } from 'node:fs';
import { ADMIN_KEY, startTestApi, type TestApi } from '../set-up/test-api.ts';
import { PROVIDERS } from './providers.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

type DocumentedCall = { method: string; path: string; keyVariable: string; body: string };

/** The calls on a provider's page in docs/, in order. */
function callsOn(name: string): DocumentedCall[] {
  const page = readFileSync(`docs/providers/${name}.md`, 'utf8');
  const [, shell] = /```sh\n([\s\S]+?)```/.exec(page)!;
  const calls = shell!.matchAll(
    /curl -X (\w+) \$POSTHORN(\S+) -H "Authorization: Bearer \$(\w+)"[^']+'[^']+'[^']+-d '([^']+)'/g,
  );
  const shown = [...calls].map(([, method, path, keyVariable, body]) => ({
    method: method!,
    path: path!,
    keyVariable: keyVariable!,
    body: body!,
  }));
  expect(shown).toHaveLength(shell!.split('curl ').length - 1);
  return shown;
}

test.each(PROVIDERS)('the calls on the page of $name work unchanged', async ({ name }) => {
  const variables: Record<string, string> = { ADMIN_KEY };
  const calls = callsOn(name);

  for (const { method, path, keyVariable, body } of calls) {
    const url = path.replaceAll(/\$(\w+)/g, (_, variable: string) => variables[variable]!);
    const response = await api.call(method, url, { key: variables[keyVariable]!, body });
    if (response.status >= 300)
      throw new Error(`${method} ${path} returned ${response.status}: ${response.text}`);
    const { id, key } = response.body as { id: string; key?: string };
    if (path === '/v1/projects') variables.KEY = key!;
    if (path === '/v1/keys') variables.PP_KEY = key!;
    if (path === '/v1/endpoints') variables.ENDPOINT = id;
  }
});
