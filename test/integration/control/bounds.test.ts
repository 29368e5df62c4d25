import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

/* Every setting that decides how fast, how often and how long: at its smallest and largest value, and just beyond. */

let posthorn: TestPosthorn;
let endpoint: string;

beforeAll(async () => {
  posthorn = await startTestPosthorn();
  endpoint = (await posthorn.newEndpoint('http://127.0.0.1:9/', { events: ['none'] })).id;
});
afterAll(() => posthorn.close());

type Refused = { code: string; errors: { pointer: string; detail: string }[] };
const send = (method: string, path: string, body: object) =>
  posthorn.client.call(method, path, { key: posthorn.project.key, body });
const changeEndpoint = (body: object) => send('PATCH', `/v1/endpoints/${endpoint}`, body);
const changeProject = (body: object) => send('PATCH', '/v1/project', body);
const newRecovery = (rate: unknown) =>
  send('POST', '/v1/recoveries', { what: 'failed', since: new Date().toISOString(), dryRun: true, rate });
const newEvent = (times: object) => send('POST', '/v1/events', { type: 'none', data: {}, ...times });
const rotate = (overlap: unknown) => send('POST', `/v1/endpoints/${endpoint}/rotate-secret`, { overlap });

type Setting = {
  name: string;
  set: (value: unknown) => ReturnType<typeof send>;
  pointer: string;
  bounds: unknown[];
  beyond: unknown[];
};
const member = (
  change: typeof changeEndpoint,
  path: string,
  bounds: unknown[],
  beyond: unknown[],
  pointer = `/${path.replaceAll('.', '/')}`,
): Setting => ({
  name: `${change === changeProject ? 'project' : 'endpoint'} ${path}`,
  set: (value) =>
    change(path.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as object),
  ...{ pointer, bounds, beyond },
});
const policyOf = (change: typeof changeEndpoint): Setting[] => [
  member(change, 'policy.delays', [[], ['0s'], Array(20).fill('30d')], [Array(21).fill('1s')]),
  member(
    change,
    'policy.delays',
    [['720h'], ['2592000s']],
    [['31d'], ['721h'], ['2592001s'], ['-1s'], ['']],
    '/policy/delays/0',
  ),
  member(change, 'policy.timeout', ['1s', '60s', '1m'], ['0s', '61s', '2m']),
  member(change, 'policy.jitter', [0, 1], [-0.001, 1.001]),
  member(
    change,
    'policy.finalStatuses',
    [[], ['300', '599', '3xx', '5xx'], Array(50).fill('404')],
    [Array(51).fill('404')],
  ),
  member(change, 'policy.finalStatuses', [], [['299'], ['600'], ['2xx'], ['6xx']], '/policy/finalStatuses/0'),
];
const failureRule = (name: string, most: string[], beyond: string[]): Setting =>
  member(changeProject, `failures.${name}`, ['0', '1s', ...most], ['0s', '-1s', ...beyond]);

const SETTINGS: Setting[] = [
  ...(['second', 'minute'] as const).map((per) => ({
    name: `endpoint rate per ${per}`,
    set: (limit: unknown) => changeEndpoint({ rate: { limit, per } }),
    ...{ pointer: '/rate/limit', bounds: [1, 10_000], beyond: [0, 10_001, 1.5] },
  })),
  member(changeEndpoint, 'concurrency', [1, 1_000], [0, 1_001, 1.5]),
  ...policyOf(changeEndpoint),
  ...policyOf(changeProject),
  failureRule('coolDownAfter', ['90d', '2160h'], ['91d', '2161h']),
  failureRule('probeEvery', ['1d', '24h', '86400s'], ['2d', '25h', '86401s']),
  failureRule('warnAfter', ['90d'], ['91d']),
  failureRule('warnAgainAfter', ['90d'], ['91d']),
  failureRule('disableAfter', ['90d'], ['91d']),
  // Shorter than the 30 days for which events are kept.
  member(changeProject, 'payloadRetention', ['1s', '29d', '719h'], ['0s', '30d', '720h', '3651d']),
  {
    name: 'ttl of an event',
    set: (ttl) => newEvent({ ttl }),
    ...{ pointer: '/ttl', bounds: ['1s', '30d', '720h'], beyond: ['0s', '31d', '721h'] },
  },
  {
    name: 'expiresAt of an event',
    set: (expiresAt) => newEvent({ expiresAt }),
    pointer: '/expiresAt',
    bounds: ['0001-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z'],
    beyond: [
      '0000-12-31T23:59:59Z',
      '9999-12-31T23:59:59-00:01',
      '10000-01-01T00:00:00Z',
      '2026-02-30T00:00:00Z',
      '2026-01-01',
    ],
  },
  {
    name: 'rate of a recovery',
    set: newRecovery,
    ...{ pointer: '/rate', bounds: [1, 1_000], beyond: [0, 1_001, 1.5] },
  },
  {
    name: 'overlap of secrets',
    set: rotate,
    ...{ pointer: '/overlap', bounds: ['7d', '168h', '0s'], beyond: ['8d', '169h'] },
  },
];

test.each(SETTINGS)(
  '$name is accepted at its bounds and refused beyond',
  async ({ set, pointer, bounds, beyond }) => {
    for (const value of bounds) {
      const { status, text } = await set(value);
      expect({ value, status, text: status < 300 ? '' : text }).toEqual({
        value,
        status: expect.any(Number),
        text: '',
      });
    }
    for (const value of beyond) {
      const { status, body } = await set(value);
      expect({ value, status }).toEqual({ value, status: 422 });
      expect(body as Refused).toMatchObject({ code: 'invalid_body', errors: [{ pointer }] });
    }
  },
);
