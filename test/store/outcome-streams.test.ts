import type { Readable } from 'node:stream';
import { createOutcomeStreams } from '../../src/outcomes/streams.ts';
import { currentCursor, formatCursor, isResumable, parseCursor } from '../../src/store/outcomes.ts';
import { eventually } from '../set-up/eventually.ts';
import { type SeededStore, seedStore } from './seed.ts';

let store: SeededStore;
let streams: ReturnType<typeof createOutcomeStreams>;

beforeEach(async () => {
  store = await seedStore();
  const notifications = { listen: () => () => {}, notify: () => {}, close: async () => {} };
  streams = createOutcomeStreams({ pool: store.pool, notifications, keepAliveMs: 1 });
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
  const stream = await streams.open({ projectId: store.project, consumer: 'quiet' }, lastEventId);
  if (stream === 'gone') return 'gone';
  let text = '';
  (stream as Readable).on('data', (chunk: Buffer) => (text += chunk.toString()));
  const ids = () => [...text.matchAll(/^id: (.*)$/gm)].map(([, id]) => id!);
  return { text: () => text, ids, close: () => stream.destroy() };
}

async function opened(lastEventId: string | null) {
  const stream = await read(lastEventId);
  if (stream === 'gone') throw new Error('gone');
  return stream;
}

test('a quiet reader is told a place behind what others got meanwhile, and resumes there without a gap', async () => {
  const stream = await opened(null);
  await eventually(() => stream.ids().length > 0);
  const [first] = stream.ids();
  for (let n = 0; n < 5; n++) await add('busy', `busy_${n}`);
  // A transaction of another suite's database may hold the horizon back for a moment.
  let { xid } = await currentCursor(store.pool);
  await eventually(async () => {
    ({ xid } = await currentCursor(store.pool));
    return BigInt(xid) > BigInt(parseCursor(first!)!.xid);
  });
  const isBehind = () => BigInt(parseCursor(stream.ids().at(-1)!)!.xid) >= BigInt(xid);
  await eventually(isBehind, 10_000);
  expect(stream.text()).toContain(': still here\nid: ');
  expect(stream.text()).not.toContain('data:');
  const last = stream.ids().at(-1)!;
  expect(last).not.toBe(first);
  stream.close();

  await add('quiet', 'evt_missed');
  const resumed = await opened(last);
  await eventually(() => resumed.text().includes('evt_missed'));
  resumed.close();
});

test('a place that this database has not reached is gone: it was set back to a time before', async () => {
  await add('quiet', 'evt_1');
  const present = await currentCursor(store.pool);
  const { database, next } = present;
  const at = (xid: bigint, seq: string) => ({ database, xid: String(xid), seq });

  expect(isResumable(at(BigInt(next), '0'), present)).toBe(true);
  expect(isResumable(at(BigInt(next), '1'), present)).toBe(false);
  expect(isResumable(at(BigInt(next) + 1n, '0'), present)).toBe(false);
  expect(await read(formatCursor(at(BigInt(next) + 1_000_000n, '0')))).toBe('gone');
});

test.each([
  ['an xid beyond xid8', '18446744073709551616.1'],
  ['a number beyond bigint', '0.9223372036854775808'],
])('a place with %s is gone', async (_, place) => {
  const { database } = await currentCursor(store.pool);
  expect(await read(`${database}.${place}`)).toBe('gone');
});
