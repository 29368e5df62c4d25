import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readBuiltPages } from '../../../src/api/pages/built-pages.ts';
import { servesDashboard } from '../../../src/cli/client/sign-in-link.ts';
import { buildFixture } from '../../set-up/built-pages.ts';
import { newSession } from '../../set-up/sessions.ts';
import { ADMIN_KEY, startTestApi, type TestApi } from '../../set-up/test-api.ts';

let api: TestApi;
let dataDir: string;
beforeAll(async () => {
  const fixture = await buildFixture();
  api = await startTestApi({ pages: await readBuiltPages(fixture.folder) });
  await fixture.remove();
  dataDir = await mkdtemp(join(tmpdir(), 'posthorn-data-'));
});
afterAll(async () => {
  await api.close();
  await rm(dataDir, { recursive: true });
});

type Output = { code: number; stdout: string; stderr: string };

/** Runs `posthorn dashboard`, whose output is no terminal. */
const runDashboard = (args: string[], env: Record<string, string> = {}): Promise<Output> =>
  new Promise((resolve) => {
    const program = join(__dirname, '../../../src/cli/program.ts');
    const variables = { PATH: process.env.PATH, POSTHORN_DATA_DIR: dataDir, ...env };
    execFile(process.execPath, [program, 'dashboard', ...args], { env: variables }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });

test('posthorn dashboard prints a link that signs in once', async () => {
  const { key } = await api.newProject();
  const { code, stdout } = await runDashboard(['--url', `${api.url}/`], { POSTHORN_KEY: key });
  expect(code).toBe(0);
  const link = JSON.parse(stdout) as { url: string; expiresAt: string };
  const call = await newSession(api, { code: link.url.split('#code=')[1] });
  expect((await call('GET', '/v1/session')).body).toMatchObject({ kind: 'project' });
});

test('with a project, the link leads to it, and there is none for a project that does not exist', async () => {
  const { id } = await api.newProject();
  const variables = { POSTHORN_URL: api.url, POSTHORN_KEY: ADMIN_KEY };
  const [found, unknown] = await Promise.all([
    runDashboard(['--project', id], variables),
    runDashboard(['--project', 'prj_unknown'], variables),
  ]);
  const { url } = JSON.parse(found.stdout) as { url: string };
  expect(url).toMatch(new RegExp(`/dashboard/p/${id}#code=psc_`));
  expect(unknown).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('does not exist') });
});

test('posthorn dashboard ends with 2, 3 or 4 without a key, a right one, or a Posthorn', async () => {
  const [noKey, wrongKey, nothing] = await Promise.all([
    runDashboard(['--url', api.url]),
    runDashboard([], { POSTHORN_URL: api.url, POSTHORN_KEY: 'ph_wrong' }),
    runDashboard(['--url', 'http://127.0.0.1:9', '--key', ADMIN_KEY]),
  ]);
  expect(noKey).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('There is no key') });
  expect(wrongKey).toMatchObject({ code: 3, stdout: '', stderr: expect.stringContaining('401') });
  expect(nothing).toMatchObject({
    code: 4,
    stdout: '',
    stderr: expect.stringContaining('No Posthorn responds'),
  });
});

test('npm start shows a link only where the dashboard is served', async () => {
  expect(await servesDashboard(api.url)).toBe(true);
  expect(await servesDashboard('http://127.0.0.1:9')).toBe(false);
});
