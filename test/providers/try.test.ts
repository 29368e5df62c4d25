import { findPosthorn } from '../../src/cli/try/find-posthorn.ts';
import { tryProfile } from '../../src/cli/try/try-profile.ts';
import {
  endAllProcesses,
  type PosthornProcess,
  startPosthorn,
} from '../faults/installation/posthorn-process.ts';
import { eventually } from '../set-up/eventually.ts';
import { startTestPosthorn, type TestPosthorn } from '../set-up/test-posthorn.ts';
import { startAlteringProxy } from './altering-proxy.ts';
import { PROVIDERS } from './providers.ts';

let posthorn: TestPosthorn;
let onlyApi: TestPosthorn | undefined;
beforeAll(async () => {
  posthorn = await startTestPosthorn();
});
afterEach(async () => {
  await onlyApi?.close();
  onlyApi = undefined;
});
afterAll(async () => {
  await endAllProcesses();
  await posthorn.close();
});

/** Starts the command as a process. It has no configuration except its arguments. */
function startTry(name: string, url = posthorn.url): PosthornProcess {
  const env = { POSTHORN_DATA_DIR: '/nonexistent', DATABASE_URL: '', POSTHORN_ADMIN_KEY: '' };
  return startPosthorn('try', env, name, '--url', url, '--admin-key', posthorn.config.adminKey);
}

async function runTry(name: string, url?: string): Promise<{ code: number | null; output: string }> {
  const run = startTry(name, url);
  return { code: await run.ended, output: run.output() };
}

const DELAYS: Record<string, string[]> = {
  cmdcal: ['30s', '2m', '10m', '1h'],
  canvelete: ['1m', '5m', '30m', '2h'],
  'pdf-gorilla': ['1m', '5m', '30m', '2h'],
  pausepoint: ['30s', '1m', '2m'],
  smartlyq: ['2m', '4m', '8m', '16m', '32m'],
};
const TRIALS = [
  ...PROVIDERS.map(({ name, profile: { eventTypes, title, labels } }) => ({
    name,
    types: eventTypes.map((type) => type.name),
    delays: DELAYS[name]!,
    end: `which ${title} calls "${labels.undeliverable}"`,
  })),
  {
    name: 'standard-webhooks',
    types: ['render.completed'],
    delays: ['1m', '5m', '30m', '2h'],
    end: 'which Standard Webhooks calls "undeliverable"',
  },
];

test.each(TRIALS)(
  '"posthorn try $name" shows that every event type verifies, and a failing delivery until its final state',
  async ({ name, types, delays, end }) => {
    const { code, output } = await runTry(name);

    expect({ code, output }).toEqual({ code: 0, output: expect.stringContaining('Everything verified.') });
    for (const type of types) expect(output).toMatch(new RegExp(`^${type}: `, 'm'));
    const sent = types.length + Number(/^A test event of type /m.test(output));
    expect(sent - types.length).toBe(name === 'pdf-gorilla' ? 0 : 1);
    expect(output.match(/signature verified, responded 200/g)).toHaveLength(sent);
    expect(output.match(/^ {4}content-type {2,}application\/json$/gm)).toHaveLength(sent);
    const rows = [...output.matchAll(/^ {4}\d +503 +(.+)$/gm)].map(([, next]) => next);
    expect(rows).toEqual([...delays.map((delay) => `in ${delay}`), 'none']);
    expect(output).toContain(`final state: undeliverable (exhausted), ${end}`);
    expect(output).toMatch(/workflow: http:\/\/\S+\/workflows\//);
    expect(output).not.toMatch(/\bph[ac]?_|whsec_/);

    const [, project] = /project +(prj_\w+),/.exec(output)!;
    const left = await Promise.all(
      ['endpoints', 'keys'].map((kind) =>
        posthorn.client.call('GET', `/v1/${kind}`, {
          key: posthorn.config.adminKey,
          headers: { 'posthorn-project': project! },
        }),
      ),
    );
    expect(left.map(({ body }) => body)).toEqual(left.map(() => ({ items: [], nextCursor: null })));
  },
);

test('if no Posthorn responds, it exits with code 1 and a message', async () => {
  const { code, output } = await runTry('cmdcal', 'http://127.0.0.1:9');
  expect(output).toMatch(/^\nposthorn try: No Posthorn responds at http:\/\/127\.0\.0\.1:9\. .*\n$/);
  expect(code).toBe(1);
});

/** Runs the command in this process. Throws its TryFailure. */
async function tryInProcess(name: string, given: { url?: string; adminKey?: string } = {}): Promise<void> {
  const { url = posthorn.url, adminKey = posthorn.config.adminKey } = given;
  const interrupted = new AbortController().signal;
  await tryProfile(name, { url, adminKey }, { print: () => {}, interrupted });
}

test('it lists the providers for an unknown name, and reports a wrong admin key', async () => {
  await expect(tryInProcess('nobody')).rejects.toThrow(
    /no receiver for "nobody"\. Choose one of: cmdcal, .*smartlyq/,
  );
  await expect(tryInProcess('cmdcal', { adminKey: 'wrong' })).rejects.toThrow(
    /POST \/v1\/projects failed with 401/,
  );
});

test.each([
  [
    'that requests are signed with another secret',
    (path: string, body: string) => (path === '/v1/endpoints' ? body.replace(/"secret":"/, '$&x') : body),
    'The receiver rejected the signature.',
  ],
  [
    'a retry delay that differs from the page',
    (path: string, body: string) => (/^\/v1\/deliveries\/\w+$/.test(path) ? tenSecondsLater(body) : body),
    'After attempt 1 the next was planned in 40s, but the page says 30s.',
  ],
])('it reports %s', async (_, alter, sentence) => {
  const proxy = await startAlteringProxy(posthorn.url, alter);
  await expect(tryInProcess('cmdcal', { url: proxy.url })).rejects.toThrow(sentence);
  await proxy.close();
});

test('when the trial fails, open deliveries to a target are cancelled', async () => {
  const alter = (path: string, body: string) =>
    /^\/v1\/deliveries\/\w+$/.test(path) ? tenSecondsLater(body) : body;
  const proxy = await startAlteringProxy(posthorn.url, alter);
  await expect(tryInProcess('pdf-gorilla', { url: proxy.url })).rejects.toThrow(
    'in 70s, but the page says 1m.',
  );
  await proxy.close();

  const open = "SELECT FROM deliveries WHERE status IN ('pending', 'retrying', 'held')";
  await eventually(async () => (await posthorn.database.pool.query(open)).rowCount === 0);
});

function tenSecondsLater(body: string): string {
  const delivery = JSON.parse(body) as { nextAttemptAt: string | null };
  if (delivery.nextAttemptAt === null) return body;
  const later = new Date(Date.parse(delivery.nextAttemptAt) + 10_000).toISOString();
  return JSON.stringify({ ...delivery, nextAttemptAt: later });
}

test('it takes the URL and the admin key from the options, otherwise from the environment variables', () => {
  const config = { dataDir: '/nonexistent', http: posthorn.config.http };
  expect(findPosthorn({ ...config, adminKey: 'set' }, { url: 'http://127.0.0.1:1/' })).toEqual({
    url: 'http://127.0.0.1:1',
    adminKey: 'set',
  });
  expect(findPosthorn({ ...config, adminKey: 'set' }, { adminKey: 'given' })).toEqual({
    url: config.http.publicUrl,
    adminKey: 'given',
  });
  expect(() => findPosthorn(config, {})).toThrow(/no admin key in \/nonexistent/);
  expect(() => findPosthorn(config, { url: 'nowhere', adminKey: 'given' })).toThrow(/not a URL/);
});

test('if no worker runs, it exits with code 1 after a timeout or at Ctrl-C, and removes the endpoint', async () => {
  onlyApi = await startTestPosthorn({ roles: { api: true, worker: false } });
  const waiting = startTry('cmdcal', onlyApi.url);
  const interrupted = startTry('cmdcal', onlyApi.url);

  await interrupted.untilPrinted(/approval\.changed: /);
  expect(await interrupted.end('SIGINT')).toBe(1);
  expect(interrupted.output()).toMatch(/posthorn try: Interrupted\.\n$/);
  expect(await waiting.ended).toBe(1);
  expect(waiting.output()).toMatch(
    /Nothing arrived in \d+ s: no attempt has been made\. Check .*a worker is running/,
  );

  const { rows } = await onlyApi.database.pool.query("SELECT FROM endpoints WHERE status <> 'deleted'");
  expect(rows).toEqual([]);
});
