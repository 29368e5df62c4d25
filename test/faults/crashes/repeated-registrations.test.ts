import { type Installation, installOnSharedServers } from '../installation/installation.ts';
import { endAllProcesses } from '../installation/posthorn-process.ts';

const CALLS = 60;
const ROUNDS = 3;

let posthorn: Installation;
beforeEach(async () => {
  posthorn = await installOnSharedServers();
});
afterEach(async () => {
  await endAllProcesses();
  await posthorn.close();
});

type Answer = { status: number; text: string };

test('registrations that are repeated after the API was killed have one endpoint or key each, and one response', async () => {
  let api = await posthorn.startApi();
  const { key } = await posthorn.api.newProject({});
  const answers = new Map<string, string[]>();

  async function post(name: string, path: string, body: object): Promise<Answer> {
    const headers = {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      ...(name.startsWith('uid') ? {} : { 'idempotency-key': name }),
    };
    const init = { method: 'POST', headers, body: JSON.stringify(body) };
    const response = await fetch(posthorn.api.url + path, init);
    return { status: response.status, text: await response.text() };
  }
  const calls = Array.from({ length: CALLS }, (_, n) => {
    const url = `https://example.com/${n}`;
    if (n % 3 === 0) return { name: `uid-${n}`, path: '/v1/endpoints', body: { url, uid: `uid-${n}` } };
    if (n % 3 === 1) return { name: `endpoint-${n}`, path: '/v1/endpoints', body: { url } };
    return { name: `key-${n}`, path: '/v1/keys', body: { consumer: `c${n}` } };
  });
  /** Makes all calls at once; those whose answer is lost are made again in the next round. */
  const callAll = () =>
    Promise.allSettled(
      calls.map(async ({ name, path, body }) => {
        const { status, text } = await post(name, path, body);
        if (status === 503) return;
        expect([200, 201]).toContain(status);
        answers.set(name, [...(answers.get(name) ?? []), text]);
      }),
    );

  for (let round = 0; round < ROUNDS; round++) {
    const called = callAll();
    const wanted = (round + 1) * 8;
    while (answeredTimes(answers) < wanted) await new Promise((resolve) => setImmediate(resolve));
    await api.end('SIGKILL');
    await called;
    api = await posthorn.startApi();
  }
  expect((await callAll()).filter(({ status }) => status === 'rejected')).toEqual([]);

  expect(answers.size).toBe(CALLS);
  for (const [name, texts] of answers) {
    const distinct = new Set(name.startsWith('uid') ? texts.map((text) => JSON.parse(text).id) : texts);
    expect([name, distinct.size]).toEqual([name, 1]);
  }
  const { rows } = await posthorn.pool.query(
    `SELECT (SELECT count(*)::int FROM endpoints) AS endpoints,
            (SELECT count(*)::int FROM api_keys WHERE consumer IS NOT NULL) AS keys`,
  );
  expect(rows).toEqual([{ endpoints: 40, keys: 20 }]);
});

const answeredTimes = (answers: Map<string, string[]>): number =>
  [...answers.values()].reduce((sum, texts) => sum + texts.length, 0);
