import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTestApi, type TestApi } from '../../set-up/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

const page = readFileSync(join(__dirname, '../../../docs/custom-profiles.md'), 'utf8');
/** The calls on the page, in order. */
const calls = [...page.matchAll(/curl -X (\w+) \$POSTHORN(\S+)[\s\S]+?-d '([^']+)'/g)].map(
  ([, method, path, body]) => ({ method: method!, path: path!, body: body! }),
);
const shown = JSON.parse(/```json\n([\s\S]+?)\n```/.exec(page)![1]!);

test('the custom profile on the page can be stored, previewed and used as the page shows', async () => {
  const { key } = await api.newProject();
  const responses = [];
  for (const { method, path, body } of calls) responses.push(await api.call(method, path, { key, body }));
  expect(responses.map(({ status }) => status)).toEqual([200, 200, 200]);
  const [put, preview, patch] = responses.map(({ body }) => body) as [
    { version: number; profile: object },
    typeof shown,
    { profile: string },
  ];
  expect(put).toMatchObject({ version: 1, source: 'own', profile: JSON.parse(calls[0]!.body) });
  expect(patch.profile).toBe('acme');
  const { sentAt, secret, headers, ...same } = preview;
  const { sentAt: shownAt, secret: shownSecret, headers: shownHeaders, ...rest } = shown;
  expect(same).toEqual(rest);
  expect(Object.keys(headers)).toEqual(Object.keys(shownHeaders));
  expect(secret).toMatch(/^acme_[0-9a-f]{64}$/);

  const t = Date.parse(shownAt) / 1000;
  const signature = createHmac('sha256', shownSecret).update(`${t}.${shown.body}`).digest('hex');
  expect(shownHeaders['X-Acme-Signature']).toBe(`t=${t},v1=${signature}`);
});
