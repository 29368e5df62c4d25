import { readBuiltPages } from '../../../src/api/pages/built-pages.ts';
import { buildFixture, PREPARED, SCRIPT } from '../../set-up/built-pages.ts';
import { ADMIN_KEY, startTestApi, type TestApi } from '../../set-up/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  const fixture = await buildFixture();
  const pages = await readBuiltPages(fixture.folder);
  await fixture.remove();
  api = await startTestApi({ pages, config: { publicUrl: 'https://example.com/hooks' } });
});
afterAll(() => api.close());

const get = (path: string, headers: Record<string, string> = {}, from = api): Promise<Response> =>
  fetch(from.url + path, { headers: { 'accept-encoding': 'identity', ...headers }, redirect: 'manual' });
const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

const CSP =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
  "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

test.each([
  ['/dashboard/', 'operator'],
  ['/dashboard/p/default/events/evt_1?view=raw', 'operator'],
  ['/portal/default/', 'portal'],
  ['/portal/no-such-project/endpoints/ep_1', 'portal'],
  ['/portal/..%2f..%2fetc/passwd', 'portal'],
])('%s answers the page of the %s, under the strict policy', async (path, name) => {
  const response = await get(path);
  const html = await response.text();
  expect(response.status).toBe(200);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-cache',
    etag: expect.stringMatching(/^"[\w-]{22}"$/),
    'content-security-policy': CSP,
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'clipboard-write=(self)',
  });
  expect(html).toContain(`src="/hooks/assets/${name}-Ab1.js"`);
  expect(html).toContain(`href="/hooks/assets/${name}-Cd2.css"`);
  expect(html).toContain('<meta name="posthorn-base" content="/hooks">');
  const etag = response.headers.get('etag')!;
  const again = await get(path, { 'if-none-match': etag });
  expect({ status: again.status, etag: again.headers.get('etag') }).toEqual({ status: 304, etag });
});

test('browsers are sent from / to the dashboard, and other clients get 404', async () => {
  const response = await get('/', HTML);
  expect({ status: response.status, to: response.headers.get('location') }).toEqual({
    status: 302,
    to: '/hooks/dashboard/',
  });
  expect((await get('/', { accept: '*/*' })).status).toBe(404);
  const moved = await get('/dashboard?to=%2Fp');
  expect({ status: moved.status, to: moved.headers.get('location') }).toEqual({
    status: 308,
    to: '/hooks/dashboard/?to=%2Fp',
  });
});

test('the portal of a project is also found without the slash at its end', async () => {
  const moved = await get('/portal/default?x=1');
  expect({ status: moved.status, to: moved.headers.get('location') }).toEqual({
    status: 308,
    to: '/hooks/portal/default/?x=1',
  });
  expect((await get('/portal/%2f%2fevil.example')).headers.get('location')).toBe(
    '/hooks/portal/%2F%2Fevil.example/',
  );
});

test('assets never change, and are sent in the best encoding that the browser accepts', async () => {
  for (const [accepted, encoding] of [
    ['br, gzip', 'br'],
    ['gzip;q=1, br;q=0', 'gzip'],
    ['identity', null],
  ] as const) {
    const response = await get('/assets/operator-Ab1.js', { 'accept-encoding': accepted });
    expect(await response.text()).toBe(SCRIPT);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      'content-security-policy': "default-src 'none'",
      vary: 'accept-encoding',
      'x-content-type-options': 'nosniff',
    });
    expect(response.headers.get('content-encoding')).toBe(encoding);
    const size = Number(response.headers.get('content-length'));
    expect(encoding === null ? size === SCRIPT.length : size < SCRIPT.length / 10).toBe(true);
  }
  const prepared = await get('/assets/portal-Ab1.js', { 'accept-encoding': 'br' });
  expect(await prepared.text()).toBe(PREPARED);
  expect((await get('/assets/icons/icon-Ef3.svg')).headers.get('content-type')).toBe('image/svg+xml');
});

test.each([
  '/assets/',
  '/assets/gone-1.js',
  '/assets/portal-Ab1.js.br',
  '/assets/../operator.html',
  '/assets/..%2foperator.html',
  '/assets/icons',
])('%s is no asset', async (path) => {
  expect((await get(path)).status).toBe(404);
});

test('pages of any origin may load the script that shows the portal in a frame', async () => {
  const response = await get('/portal-embed.js');
  expect(await response.text()).toContain('posthorn-portal');
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'cache-control': 'public, max-age=3600',
    'cross-origin-resource-policy': 'cross-origin',
  });
});

test('other methods are refused, and HEAD has no body', async () => {
  const post = await fetch(`${api.url}/dashboard/x`, { method: 'POST' });
  expect({ status: post.status, allow: post.headers.get('allow') }).toEqual({
    status: 405,
    allow: 'GET, HEAD',
  });
  const head = await fetch(`${api.url}/dashboard/`, { method: 'HEAD' });
  expect({ status: head.status, text: await head.text() }).toEqual({ status: 200, text: '' });
});

test('only origins that the project lists may show its portal in a frame', async () => {
  const { id } = await api.newProject();
  const portal = {
    origins: ['https://app.example.com', 'http://localhost:3000'],
    logoUrl: 'https://cdn.example.com/a.svg',
  };
  await api.database.pool.query('UPDATE projects SET portal = $2 WHERE id = $1', [id, portal]);
  const policy = (await get(`/portal/${id}/endpoints`)).headers.get('content-security-policy');
  expect(policy).toContain('frame-ancestors https://app.example.com http://localhost:3000');
  expect(policy).toContain("img-src 'self' data: https://cdn.example.com;");
});

test('the build of a session changes with the pages', async () => {
  const { body } = await api.call('GET', '/v1/session', { key: ADMIN_KEY });
  const { build } = body as { build: string };
  expect(build).toMatch(/^1\.2\.3-[\w-]{22}$/);
  const other = await buildFixture(/\.css$/);
  expect((await readBuiltPages(other.folder)).build).not.toBe(build.slice('1.2.3-'.length));
  await other.remove();
});

test('pages that are switched off or were not built are 404, and the API has no page in its document', async () => {
  const off = await startTestApi({ config: { ui: [] } });
  try {
    for (const path of ['/dashboard/', '/dashboard', '/portal/x/', '/assets/a.js', '/portal-embed.js', '/']) {
      const response = await get(path, HTML, off);
      expect({ path, ...((await response.json()) as object) }).toMatchObject({ path, code: 'not_found' });
    }
  } finally {
    await off.close();
  }
  const unbuilt = await startTestApi();
  try {
    for (const path of ['/dashboard/', '/portal/x/', '/assets/a.js', '/portal-embed.js']) {
      const response = await get(path, HTML, unbuilt);
      expect({ path, ...((await response.json()) as object) }).toMatchObject({
        path,
        status: 404,
        code: 'ui_not_built',
      });
    }
    const paths = Object.keys(unbuilt.document.paths);
    expect(paths.filter((path) => !/^\/(v1|docs|openapi|healthz|readyz)/.test(path))).toEqual([]);
  } finally {
    await unbuilt.close();
  }
});
