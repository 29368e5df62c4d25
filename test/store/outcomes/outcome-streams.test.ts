import type { Readable } from 'node:stream';
import { createOutcomeStreams } from '../../../src/outcomes/streams.ts';
import type { OutcomeFilter } from '../../../src/store/outcomes/outcome-filter.ts';
import {
  currentCursor,
  formatCursor,
  isResumable,
  parseCursor,
} from '../../../src/store/outcomes/outcomes.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type SeededStore, seedStore } from '../seed.ts';

const fail = (error: unknown) => {
  throw error;
};

let store: SeededStore;
let streams: ReturnType<typeof createOutcomeStreams>;

beforeEach(async () => {
  store = await seedStore();
  const notifications = { listen: () => () => {}, notify: () => {}, wake: () => {}, close: async () => {} };
  streams = createOutcomeStreams({
    db: store.pool,
    queryableFor: () => store.pool,
    notifications,
    onFailure: fail,
    keepAliveMs: 50,
  });
});
afterEach(async () => {
  streams.close();
  await store.drop();
});

const add = (consumer: string, event: string) =>
  store.pool.query(
    `INSERT INTO outcomes (project_id, consumer, kind, event_id, status) VALUES ($1, $2, 'event.settled', $3, 'delivered')`,
    [store.project, consumer, event],
  );

async function read(lastEventId: string | null) {
  const stream = await streams.open({ projectId: store.project, consumer: 'quiet' }, {}, lastEventId);
  if (stream === 'expired') return 'expired';
  let text = '';
  (stream as Readable).on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ids = () => [...text.matchAll(/^id: (.*)$/gm)].map(([, id]) => id!);
  return { text: () => text, ids, close: () => stream.destroy() };
}

async function opened(lastEventId: string | null) {
  const stream = await read(lastEventId);
  if (stream === 'expired') throw new Error('the cursor has expired');
  return stream;
}

test('a quiet reader gets a position after the outcomes of others, and resumes there without a gap', async () => {
  const stream = await opened(null);
  await eventually(() => stream.ids().length > 0);
  const [first] = stream.ids();
  for (let n = 0; n < 5; n++) await add('busy', `busy_${n}`);
  // A transaction in another suite's database may briefly delay what is visible.
  let { xid } = await currentCursor(store.pool);
  await eventually(async () => {
    ({ xid } = await currentCursor(store.pool));
    return BigInt(xid) > BigInt(parseCursor(first!)!.xid);
  });
  const isBehind = () => BigInt(parseCursor(stream.ids().at(-1)!)!.xid) >= BigInt(xid);
  await eventually(isBehind);
  expect(stream.text()).toContain(': keep-alive\nid: ');
  expect(stream.text()).not.toContain('data:');
  const last = stream.ids().at(-1)!;
  expect(last).not.toBe(first);
  stream.close();

  await add('quiet', 'evt_missed');
  const resumed = await opened(last);
  await eventually(() => resumed.text().includes('evt_missed'));
  resumed.close();
});

test('a position that the database has not reached yet is rejected, because the database was restored to an earlier time', async () => {
  await add('quiet', 'evt_1');
  const present = await currentCursor(store.pool);
  const { database, nextXid } = present;
  const at = (xid: bigint, seq: string) => ({ database, xid: String(xid), seq });

  expect(isResumable(at(BigInt(nextXid), '0'), present)).toBe(true);
  expect(isResumable(at(BigInt(nextXid), '1'), present)).toBe(false);
  expect(isResumable(at(BigInt(nextXid) + 1n, '0'), present)).toBe(false);
  expect(await read(formatCursor(at(BigInt(nextXid) + 1_000_000n, '0')))).toBe('expired');
});

test.each([
  ['an xid beyond xid8', '18446744073709551616.1'],
  ['a number beyond bigint', '0.9223372036854775808'],
])('a place with %s is gone', async (_, place) => {
  const { database } = await currentCursor(store.pool);
  expect(await read(`${database}.${place}`)).toBe('expired');
});

const add200 = (project: string, from: number) =>
  store.pool.query(
    `INSERT INTO outcomes (project_id, consumer, kind, event_id, status)
     SELECT $1, CASE n % 2 WHEN 0 THEN 'quiet' ELSE 'busy' END, 'event.settled', 'evt_' || n, 'delivered'
     FROM generate_series($2::int, $2::int + 199) AS n`,
    [project, from],
  );
const eventsIn = (text: string) => [...text.matchAll(/"event":"evt_(\d+)"/g)].map(([, n]) => Number(n));

test('a hundred streams cause no more queries than one shared read for all of them', async () => {
  const projects = [store.project, await store.newProject(), await store.newProject()];
  let asked = 0;
  const counting = {
    query: (...statement: unknown[]) => {
      asked += 1;
      return (store.pool.query as (...all: unknown[]) => Promise<unknown>).apply(store.pool, statement);
    },
  } as typeof store.pool;
  streams.close();
  streams = createOutcomeStreams({
    db: counting,
    queryableFor: () => counting,
    notifications: { listen: () => () => {}, notify: () => {}, wake: () => {}, close: async () => {} },
    onFailure: fail,
  });
  const texts = await Promise.all(
    Array.from({ length: 100 }, async (_, n) => {
      const stream = (await streams.open(
        { projectId: projects[n % 3]!, consumer: null },
        {},
        null,
      )) as Readable;
      const read = { text: '' };
      stream.on('data', (chunk: Buffer) => (read.text += chunk.toString()));
      return read;
    }),
  );
  await eventually(() => texts.every(({ text }) => text.includes('id: ')));
  const opened = asked;
  const startedAt = performance.now();
  for (const project of projects) await add200(project, 0);
  await eventually(() => texts.every(({ text }) => eventsIn(text).length === 200));
  // One poll a second, and ten polls 25 ms apart after a wake-up.
  const seconds = (performance.now() - startedAt) / 1000;
  expect(asked - opened).toBeLessThan(50 * (1 + seconds));
  for (const { text } of texts) expect(eventsIn(text)).toEqual(Array.from({ length: 200 }, (_, n) => n));
});

test('a reader that pauses for long gets everything once afterwards, and little is buffered for it', async () => {
  const stream = (await streams.open({ projectId: store.project, consumer: 'quiet' }, {}, null)) as Readable;
  const beside = await opened(null);
  stream.read(0);
  await eventually(() => stream.readableLength > 0);
  for (let n = 0; n < 20; n++) {
    await add200(store.project, n * 200);
    await eventually(() => eventsIn(beside.text()).length === (n + 1) * 100);
  }
  expect(stream.readableLength).toBeLessThan(64 * 1024);

  let text = '';
  stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await eventually(() => eventsIn(text).length >= 2_000);
  const expected = Array.from({ length: 2_000 }, (_, n) => 2 * n);
  expect(eventsIn(text)).toEqual(expected);
  expect(eventsIn(beside.text())).toEqual(expected);
  stream.destroy();
  beside.close();
});

test('a stream that resumes during writes continues with new outcomes, without gaps or repeats', async () => {
  const first = await opened(null);
  await eventually(() => first.ids().length > 0);
  const start = first.ids()[0]!;
  const writing = (async () => {
    for (let n = 0; n < 30; n++) await add200(store.project, n * 200);
  })();
  const resumed: Awaited<ReturnType<typeof opened>>[] = [];
  for (let n = 0; n < 10; n++) resumed.push(await opened(start));
  await writing;
  const expected = Array.from({ length: 3_000 }, (_, n) => 2 * n);
  for (const stream of [first, ...resumed]) {
    await eventually(() => eventsIn(stream.text()).length >= 3_000);
    expect(eventsIn(stream.text())).toEqual(expected);
    stream.close();
  }
});

test('a stream with lists has only outcomes of these endpoints, consumers and kinds, stored before and after it began', async () => {
  const insert = (endpoint: string | null, consumer: string, kind: string) =>
    store.pool.query(
      `INSERT INTO outcomes (project_id, endpoint_id, consumer, kind, event_id, status) VALUES ($1, $2, $3, $4, $5, 'x')`,
      [store.project, endpoint, consumer, kind, `${endpoint ?? 'none'}/${consumer}/${kind}`],
    );
  const insertAll = async () => {
    for (const endpoint of ['ep_1', 'ep_2', null])
      for (const consumer of ['acme', 'busy'])
        for (const kind of ['attempt.failed', 'delivery.delivered']) await insert(endpoint, consumer, kind);
    await insert('ep_1', 'acme', 'delivery.cancelled');
  };
  const start = formatCursor(await currentCursor(store.pool));
  await insertAll();
  const filters: [OutcomeFilter, string | null, string[]][] = [
    [{ kinds: ['delivery.cancelled'] }, null, ['ep_1/acme/delivery.cancelled']],
    [
      { endpoints: ['ep_2', 'ep_3'], consumers: ['acme'] },
      null,
      ['ep_2/acme/attempt.failed', 'ep_2/acme/delivery.delivered'],
    ],
    [{ endpoints: ['ep_1'], kinds: ['attempt.failed'] }, 'busy', ['ep_1/busy/attempt.failed']],
    // A consumer asks for what belongs to another one.
    [{ consumers: ['acme'] }, 'busy', []],
  ];
  const opened = await Promise.all(
    filters.map(async ([filter, consumer]) => {
      const stream = await streams.open({ projectId: store.project, consumer }, filter, start);
      let text = '';
      (stream as Readable).on('data', (chunk: Buffer) => (text += chunk.toString()));
      return () => [...text.matchAll(/"event":"([^"]*)"/g)].map(([, event]) => event!);
    }),
  );
  await insertAll();
  for (const [index, [, , expected]] of filters.entries()) {
    const twice = [...expected, ...expected];
    await eventually(() => opened[index]!().length >= twice.length);
    expect(opened[index]!()).toEqual(twice);
  }
});
