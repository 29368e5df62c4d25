import type { Acceptor } from '../../../../src/api/ports.ts';
import { createAcceptor } from '../../../../src/dispatch/accept/acceptor.ts';
import type { AcceptResult, EventDraft } from '../../../../src/store/events/event-draft.ts';
import { ProjectShareExhausted } from '../../../../src/store/postgres/database.ts';
import { holdEventId } from '../../../store/hold-event-id.ts';
import { type SeededStore, secretBox, seedStore } from '../../../store/seed.ts';
import { untilBlocked } from '../../../store/stopping-pool.ts';
import { recordingReserve } from '../recording-reserve.ts';

let store: SeededStore;
let other: string;
let acceptor: Acceptor;
/** Of another process. */
let remote: Acceptor;

beforeEach(async () => {
  store = await seedStore();
  other = await store.newProject();
  await store.newEndpoint();
  acceptor = newAcceptor();
  remote = newAcceptor();
});
afterEach(() => store.drop());

const newAcceptor = (byteLimits?: Parameters<typeof createAcceptor>[0]['byteLimits']): Acceptor =>
  createAcceptor({
    pool: store.pool,
    box: secretBox,
    reserve: recordingReserve().reserve,
    ...(byteLimits && { byteLimits }),
  });

type RunningBatch = {
  results: Promise<AcceptResult[]>;
  isRunning(): boolean;
  end(): Promise<void>;
};

/** A batch of these events that has inserted them, and goes on until `end` is called: it waits for the id of its last event. */
async function startBatch(of: Acceptor, drafts: EventDraft[]): Promise<RunningBatch> {
  const release = await holdEventId(store, 'z');
  let isRunning = true;
  const results = of.acceptAll([...drafts, store.draft({ id: 'z' })]).finally(() => {
    isRunning = false;
  });
  await untilBlocked(store.pool);
  return { results, isRunning: () => isRunning, end: release };
}

const draftOf = (id: string, changes: Partial<EventDraft> = {}) => store.draft({ id, ...changes });
const ofOther = () => store.draft({ projectId: other });
const kindsOf = (results: AcceptResult[]) => results.map(({ kind }) => kind);

const waitingForLocks = () =>
  store.queryOne<{ n: number }>(
    `SELECT count(*)::int AS n FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event_type = 'Lock'`,
  );

test('posts of the events of a running batch wait for it in memory, and delay no other post', async () => {
  const ids = ['a', 'b', 'c', 'd', 'e'];
  const batch = await startBatch(
    acceptor,
    ids.map((id) => draftOf(id)),
  );

  const repeated = [...ids, 'a', 'a'].map((id) => acceptor.acceptOne(draftOf(id)));
  const others = await Promise.all([acceptor.acceptOne(ofOther()), acceptor.acceptOne(store.draft())]);

  expect(kindsOf(others)).toEqual(['accepted', 'accepted']);
  expect(batch.isRunning()).toBe(true);
  expect(await waitingForLocks()).toEqual({ n: 1 });
  await batch.end();
  expect(new Set(kindsOf(await batch.results))).toEqual(new Set(['accepted']));
  expect(new Set(kindsOf(await Promise.all(repeated)))).toEqual(new Set(['existing']));
});

test('posts that waited for a batch that is refused are stored, each event once', async () => {
  await acceptor.acceptOne(draftOf('known'));
  const batch = await startBatch(acceptor, [
    draftOf('a'),
    draftOf('known', { contentHash: Buffer.alloc(32, 1) }),
  ]);

  const repeated = [1, 2, 3].map(() => acceptor.acceptOne(draftOf('a')));
  await acceptor.acceptOne(ofOther());
  await batch.end();

  expect(kindsOf(await batch.results)).toContain('id_conflict');
  expect(kindsOf(await Promise.all(repeated)).sort()).toEqual(['accepted', 'existing', 'existing']);
});

test('posts that wait for a batch count against the share of their project, and no other has less', async () => {
  const limited = newAcceptor({ maxPerTransaction: 64 * 1024, maxInMemory: 1024 * 1024 });
  const body = Buffer.alloc(128 * 1024, ' ');
  const batch = await startBatch(limited, [draftOf('a')]);

  const repeated = Promise.allSettled(
    [1, 2, 3, 4, 5, 6].map(() => limited.acceptOne(draftOf('a', { body }))),
  );
  await limited.acceptOne(ofOther());

  await expect(limited.acceptOne(store.draft())).rejects.toThrow(ProjectShareExhausted);
  expect(await limited.acceptOne({ ...ofOther(), body })).toMatchObject({ kind: 'accepted' });
  await batch.end();
  await repeated;
  expect(await limited.acceptOne(store.draft())).toMatchObject({ kind: 'accepted' });
});

test('a post for a new consumer waits for no batch for the same consumer', async () => {
  const consumer = 'new';
  // So large that it is inserted by a statement of its own, before the last event.
  const body = Buffer.alloc(1024 * 1024, ' ');
  const batch = await startBatch(acceptor, [draftOf('a', { consumer, body })]);

  const results = await Promise.all([
    acceptor.acceptOne(draftOf('single', { consumer })),
    remote.acceptOne(draftOf('remote', { consumer })),
  ]);

  expect(kindsOf(results)).toEqual(['accepted', 'accepted']);
  expect(batch.isRunning()).toBe(true);
  await batch.end();
  expect(kindsOf(await batch.results)).toEqual(['accepted', 'accepted']);
});

const consumers = async () => (await store.pool.query('SELECT id FROM consumers ORDER BY id')).rows;

test('a batch stores its new consumers with its events, and none if it is refused', async () => {
  const [alice, bob] = ['alice', 'bob'].map((consumer) => store.draft({ consumer }));
  await acceptor.acceptAll([alice!, bob!, store.draft({ consumer: 'bob' }), store.draft()]);
  expect(await consumers()).toEqual([{ id: 'alice' }, { id: 'bob' }]);

  const conflicting = { ...alice!, contentHash: Buffer.alloc(32, 1) };
  await acceptor.acceptAll([store.draft({ consumer: 'carol' }), conflicting]);

  expect(await consumers()).toEqual([{ id: 'alice' }, { id: 'bob' }]);
});

test('a post of an event of a batch in another process delays other projects briefly, and its next ones not at all', async () => {
  const batch = await startBatch(
    remote,
    ['a', 'b', 'c'].map((id) => draftOf(id)),
  );

  const first = acceptor.acceptOne(draftOf('a'));
  expect(await acceptor.acceptOne(ofOther())).toMatchObject({ kind: 'accepted' });
  // Separate from now on, in memory and in Postgres.
  const next = ['a', 'b', 'b', 'c'].map((id) => acceptor.acceptOne(draftOf(id)));
  const shared = await Promise.all([ofOther(), ofOther()].map(acceptor.acceptOne));

  expect(kindsOf(shared)).toEqual(['accepted', 'accepted']);
  expect(batch.isRunning()).toBe(true);
  await batch.end();
  expect(kindsOf(await batch.results)).toEqual(['accepted', 'accepted', 'accepted', 'accepted']);
  expect(new Set(kindsOf(await Promise.all([first, ...next])))).toEqual(new Set(['existing']));
});

test('a project whose posts waited for a lock is stored without other projects, many posts at a time', async () => {
  const release = await holdEventId(store, 'held');
  const held = acceptor.acceptOne(draftOf('held'));
  await acceptor.acceptOne(ofOther());

  const drafts = Array.from({ length: 150 }, (_, n) => (n % 3 === 0 ? ofOther() : store.draft()));
  await Promise.all(drafts.map(acceptor.acceptOne));
  await release();
  await held;

  const { rows } = await store.pool.query<{ projects: number; events: number }>(
    `SELECT count(DISTINCT project_id)::int AS projects, max(events)::int AS events
     FROM (SELECT xmin::text AS transaction, project_id, count(*) AS events FROM events GROUP BY 1, 2) AS stored
     GROUP BY transaction`,
  );
  expect(new Set(rows.map(({ projects }) => projects))).toEqual(new Set([1]));
  expect(rows.length).toBeLessThan(30);
});
