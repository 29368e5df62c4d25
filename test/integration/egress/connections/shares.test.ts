import { createAddressGuard } from '../../../../src/egress/addresses/address-guard.ts';
import {
  createOutbound,
  type Outbound,
  type OutboundOptions,
  type OutboundRequest,
} from '../../../../src/egress/outbound.ts';
import {
  type MisbehavingReceiver,
  startMisbehavingReceiver,
} from '../../../receivers/misbehaving-receiver.ts';
import { type Receiver, type ScriptStep, startReceiver } from '../../../receivers/receiver.ts';

let outbound: Outbound;
const toClose: (() => Promise<void>)[] = [];

const create = (options: Partial<OutboundOptions>): void => {
  outbound = createOutbound({ guard: createAddressGuard(['127.0.0.0/8']), quietPeriodMs: 0, ...options });
};
const start = async (script?: ScriptStep[]): Promise<Receiver> => {
  const started = await startReceiver(script);
  toClose.push(started.close);
  return started;
};
const startSilent = async (): Promise<MisbehavingReceiver> => {
  const silent = await startMisbehavingReceiver('neverResponds');
  toClose.push(silent.close);
  return silent;
};
const post = (projectId: string, url: string, overrides: Partial<OutboundRequest> = {}) =>
  outbound.post({
    url,
    headers: {},
    body: Buffer.from('{}'),
    timeoutMs: 3_000,
    startBy: performance.now() + 5_000,
    projectId,
    poolKey: 'receiver',
    ...overrides,
  });
/** Posts to this many receivers of the project, each with its own connections. */
const postToMany = (
  projectId: string,
  url: string,
  count: number,
  overrides: Partial<OutboundRequest> = {},
) =>
  Array.from({ length: count }, (_, n) => post(projectId, url, { poolKey: `receiver-${n}`, ...overrides }));
const until = async (condition: () => boolean): Promise<void> => {
  for (const began = performance.now(); !condition(); ) {
    if (performance.now() - began > 5_000) throw new Error('the condition did not come true within 5 s');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
  await outbound.close();
});

test('a project with many silent receivers leaves half of the sockets to other projects', async () => {
  create({ maxSockets: 40 });
  const [silent, victim] = [await startSilent(), await start()];
  const greedy = postToMany('greedy', silent.url, 200, { startBy: performance.now() + 500 });
  await until(() => silent.requests() === 20);

  const victims = await Promise.all(postToMany('victim', victim.url, 10));
  const durations = victims.map((result) => (result.kind === 'responded' ? result.durationMs : 5_000));

  expect(victims.map((result) => result.kind === 'responded' && result.outcome)).toEqual(
    Array(10).fill('delivered'),
  );
  expect(Math.max(...durations)).toBeLessThan(1_000);
  expect(silent.connections()).toBe(20);
  const ends = await Promise.all(greedy);
  expect(ends.filter(({ kind }) => kind === 'not_started')).toHaveLength(180);
});

test('each further greedy project gets a smaller share, and capacity is left for the next', async () => {
  create({ maxSockets: 40, maxSocketsPerProject: 30 });
  const [silent, victim] = [await startSilent(), await start()];
  const greedy: Promise<unknown>[] = [];
  for (const project of ['first', 'second', 'third', 'fourth']) {
    greedy.push(
      ...postToMany(project, silent.url, 40, { startBy: performance.now() + 1_500, timeoutMs: 2_000 }),
    );
  }
  await until(() => silent.requests() === 20 + 10 + 5 + 3);

  expect(await post('victim', victim.url)).toMatchObject({ outcome: 'delivered' });
  await Promise.all(greedy);
});

test('a project has no more connections in use than its own limit', async () => {
  create({ maxSockets: 100, maxSocketsPerProject: 3 });
  const silent = await startSilent();

  const ends = await Promise.all(
    postToMany('project', silent.url, 10, { startBy: performance.now() + 100, timeoutMs: 300 }),
  );

  expect(silent.connections()).toBe(3);
  expect(ends.filter(({ kind }) => kind === 'not_started')).toHaveLength(7);
});

test('the least recently used idle connection is closed before a request waits', async () => {
  create({ maxSockets: 3, maxSocketsPerProject: 3, maxIdleMs: 60_000 });
  const receiver = await start();
  for (const poolKey of ['a', 'b', 'c', 'a']) await post('project', receiver.url, { poolKey });
  expect(outbound.stats()).toMatchObject({ connections: 3, waiting: 0 });

  const began = performance.now();
  expect(await post('other', receiver.url, { poolKey: 'd' })).toMatchObject({ outcome: 'delivered' });

  expect(performance.now() - began).toBeLessThan(1_000);
  expect(outbound.stats().connections).toBe(3);
  expect(receiver.connections()).toBe(4);
  for (const poolKey of ['a', 'c']) await post('project', receiver.url, { poolKey });
  expect(receiver.connections()).toBe(4);
  await post('project', receiver.url, { poolKey: 'b' });
  expect(receiver.connections()).toBe(5);
});

test('projects that wait for a socket are served round robin, however many requests one of them has', async () => {
  create({ maxSockets: 2 });
  const held: (() => void)[] = [];
  const holding = await start([(_, response) => void held.push(() => response.end())]);
  const started: string[] = [];
  const postAs = (projectId: string) =>
    post(projectId, holding.url, { onStart: () => started.push(projectId) });
  const all = ['busy', 'other', 'busy', 'busy', 'busy', 'quiet'].map(postAs);
  await until(() => held.length === 2);
  expect(started).toEqual(['busy', 'other']);

  for (let answered = 0; answered < 6; answered++) {
    await until(() => held.length > 0);
    held.shift()!();
  }

  await Promise.all(all);
  expect(started.slice(2, 4).sort()).toEqual(['busy', 'quiet']);
  expect(started).toHaveLength(6);
});

test('a receiver at its own limit delays no other receiver of its project', async () => {
  create({ maxSockets: 100, maxConnectionsPerHost: 1 });
  const [silent, good] = [await startSilent(), await start()];
  const stuck = Array.from({ length: 5 }, () =>
    post('project', silent.url, { startBy: performance.now() + 300, timeoutMs: 600 }),
  );
  await until(() => silent.requests() === 1);

  expect(await post('project', good.url)).toMatchObject({ outcome: 'delivered' });
  await Promise.all(stuck);
});

test('when sockets are scarce, every request is sent once and no more sockets are open than allowed', async () => {
  create({ maxSockets: 7, maxSocketsPerProject: 5, maxConnectionsPerHost: 3, maxIdleMs: 60_000 });
  const receiver = await start([(_, response) => void setTimeout(() => response.end(), Math.random() * 5)]);
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, outbound.stats().connections)), 1);

  const posts = Array.from({ length: 600 }, (_, n) =>
    post(`project-${n % 4}`, receiver.url, {
      poolKey: `receiver-${n % 11}`,
      startBy: performance.now() + 20_000,
    }),
  );
  const results = await Promise.all(posts);
  clearInterval(watch);

  expect(results.every((result) => result.kind === 'responded' && result.outcome === 'delivered')).toBe(true);
  expect(receiver.requests).toHaveLength(600);
  expect(most).toBeLessThanOrEqual(7);
  expect(outbound.stats().waiting).toBe(0);
});
