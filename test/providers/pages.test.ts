import { readFileSync } from 'node:fs';
import { ADMIN_KEY, startTestApi, type TestApi } from '../set-up/test-api.ts';
import { PROVIDERS } from './providers.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

type ShownCall = { method: string; path: string; keyVariable: string; body: string };

/** The calls that a page under docs/ has its reader make, in turn. */
function callsOn(name: string): ShownCall[] {
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

test.each(PROVIDERS)('the calls on the page of $name work as they stand', async ({ name }) => {
  const known: Record<string, string> = { ADMIN_KEY };
  const calls = callsOn(name);

  for (const { method, path, keyVariable, body } of calls) {
    const url = path.replaceAll(/\$(\w+)/g, (_, variable: string) => known[variable]!);
    const answered = await api.call(method, url, { key: known[keyVariable]!, body });
    if (answered.status >= 300)
      throw new Error(`${method} ${path} answered ${answered.status}: ${answered.text}`);
    const { id, key } = answered.body as { id: string; key?: string };
    if (path === '/v1/projects') known.KEY = key!;
    if (path === '/v1/keys') known.PP_KEY = key!;
    if (path === '/v1/endpoints') known.ENDPOINT = id;
  }
});
