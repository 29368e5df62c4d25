import type { OutboundRequest } from '../../../../src/egress/outbound.ts';
import {
  type MisbehavingReceiver,
  startMisbehavingReceiver,
} from '../../../receivers/misbehaving-receiver.ts';
import { type Receiver, type ScriptStep, startReceiver } from '../../../receivers/receiver.ts';
import { eventually } from '../../../set-up/eventually.ts';
import { outboundPerTest } from '../outbound-per-test.ts';

const { create, post: postTo, stats } = outboundPerTest();
const toClose: (() => Promise<void>)[] = [];

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
  postTo(url, { projectId, ...overrides });
/** Posts to this many receivers of the project, each with its own connections. */
const postToMany = (
  projectId: string,
  url: string,
  count: number,
  overrides: Partial<OutboundRequest> = {},
) =>
  Array.from({ length: count }, (_, n) => post(projectId, url, { poolKey: `receiver-${n}`, ...overrides }));

afterEach(async () => {
  for (const close of toClose.splice(0)) await close();
});

test('a project with many silent receivers leaves half of the sockets to other projects', async () => {
  create({ maxSockets: 40 });
  const [silent, victim] = [await startSilent(), await start()];
  const greedy = postToMany('greedy', silent.url, 200, { startBy: performance.now() + 3_000 });
  await eventually(() => silent.requests() === 20);

  const victims = await Promise.all(postToMany('victim', victim.url, 10));

  expect(victims.map((result) => result.kind === 'responded' && result.outcome)).toEqual(
    Array(10).fill('delivered'),
  );
  await eventually(() => stats().waiting === 0);
  expect(silent.connections()).toBe(20);
  await silent.close();
  const ends = await Promise.all(greedy);
  expect(ends.filter(({ kind }) => kind === 'not_started')).toHaveLength(180);
});

test('each further greedy project gets a smaller share, and capacity is left for the next', async () => {
  create({ maxSockets: 40, maxSocketsPerProject: 30 });
  const [silent, victim] = [await startSilent(), await start()];
  const greedy: Promise<unknown>[] = [];
  for (const project of ['first', 'second', 'third', 'fourth']) {
    greedy.push(...postToMany(project, silent.url, 40));
  }
  await eventually(() => silent.requests() === 20 + 10 + 5 + 3);

  expect(await post('victim', victim.url)).toMatchObject({ outcome: 'delivered' });
  await silent.close();
  await Promise.all(greedy);
});

test('a project has no more connections in use than its own limit', async () => {
  create({ maxSockets: 100, maxSocketsPerProject: 3 });
  const silent = await startSilent();

  const posts = postToMany('project', silent.url, 10, { startBy: performance.now() + 3_000 });
  await eventually(() => silent.requests() === 3 && stats().waiting === 0);

  expect(silent.connections()).toBe(3);
  await silent.close();
  const ends = await Promise.all(posts);
  expect(ends.filter(({ kind }) => kind === 'not_started')).toHaveLength(7);
});

test('the least recently used idle connection is closed rather than let a request wait', async () => {
  create({ maxSockets: 3, maxSocketsPerProject: 3, maxIdleMs: 60_000 });
  const receiver = await start();
  for (const poolKey of ['a', 'b', 'c', 'a']) await post('project', receiver.url, { poolKey });
  expect(stats()).toMatchObject({ connections: 3, waiting: 0 });

  expect(await post('other', receiver.url, { poolKey: 'd' })).toMatchObject({ outcome: 'delivered' });

  expect(stats().connections).toBe(3);
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
  await eventually(() => held.length === 2);
  expect(started).toEqual(['busy', 'other']);

  for (let answered = 0; answered < 6; answered++) {
    await eventually(() => held.length > 0);
    held.shift()!();
  }

  await Promise.all(all);
  expect(started.slice(2, 4).sort()).toEqual(['busy', 'quiet']);
  expect(started).toHaveLength(6);
});

test('a receiver at its own limit delays no other receiver of its project', async () => {
  create({ maxSockets: 100, maxConnectionsPerHost: 1 });
  const [silent, good] = [await startSilent(), await start()];
  const stuck = Array.from({ length: 5 }, () => post('project', silent.url));
  await eventually(() => silent.requests() === 1);

  expect(await post('project', good.url)).toMatchObject({ outcome: 'delivered' });
  await silent.close();
  await Promise.all(stuck);
});

test('when sockets are scarce, every request is sent once and no more sockets are open than allowed', async () => {
  create({ maxSockets: 7, maxSocketsPerProject: 5, maxConnectionsPerHost: 3, maxIdleMs: 60_000 });
  const receiver = await start([(_, response) => void setTimeout(() => response.end(), Math.random() * 5)]);
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, stats().connections)), 1);

  const posts = Array.from({ length: 600 }, (_, n) =>
    post(`project-${n % 4}`, receiver.url, { poolKey: `receiver-${n % 11}` }),
  );
  const results = await Promise.all(posts);
  clearInterval(watch);

  expect(results.every((result) => result.kind === 'responded' && result.outcome === 'delivered')).toBe(true);
  expect(receiver.requests).toHaveLength(600);
  expect(most).toBeLessThanOrEqual(7);
  expect(stats().waiting).toBe(0);
});
