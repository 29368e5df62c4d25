import type pg from 'pg';
import { claimDeliveries } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import { resolveUnclaimed } from '../../../src/store/deliveries/claims/resolve-unclaimed.ts';
import { recordAttempts } from '../../../src/store/deliveries/recording/record-attempts.ts';
import { attemptRecordOf } from '../attempt-record.ts';
import { pausingAtCommit } from '../stopping-pool.ts';
import { useEndpointStates } from './endpoint-states-set-up.ts';

const suite = useEndpointStates();
const { act, sweep, accept, createDelivery } = suite;

const GONE = { instruction: { kind: 'gone' }, coolsDown: true } as const;

const statesOf = async (): Promise<string[]> => {
  const { rows } = await suite.store.pool.query(
    `SELECT concat_ws(' ', status, reason, waiting_for) AS state FROM deliveries WHERE project_id = $1 ORDER BY id`,
    [suite.project],
  );
  return rows.map(({ state }) => state);
};

const endpointRow = (id: string) =>
  suite.store.queryOne('SELECT status, disabled_by, disabled_reason FROM endpoints WHERE id = $1', [id]);

const toldAbout = async (): Promise<pg.QueryResultRow[]> =>
  (
    await suite.store.pool.query('SELECT type, data FROM operational_events WHERE project_id = $1', [
      suite.project,
    ])
  ).rows;

/** Claims the delivery, and returns the record of a response 410. */
async function goneRecord(id: string) {
  const [claim] = await claimDeliveries(suite.store.pool, 'mine', [{ id, step: 0 }]);
  return attemptRecordOf(claim!, {
    statusCode: 410,
    retryInMs: null,
    finalReason: 'gone',
    receiverFailure: GONE,
  });
}

async function respondGone(id: string): Promise<string[]> {
  const { resyncs } = await recordAttempts(suite.store.pool, [await goneRecord(id)]);
  return resyncs.map((resync) => resync.id);
}

test('410 disables the endpoint in the transaction that records it, and tells the owner once', async () => {
  const id = await suite.store.newEndpoint({ project: suite.project });
  const [one, two] = [await createDelivery('mine'), await createDelivery('mine')];
  const records = [await goneRecord(one), await goneRecord(two)];

  const { resyncs, transitions } = await recordAttempts(suite.store.pool, records);

  expect(resyncs).toMatchObject([{ id }]);
  expect(transitions).toMatchObject([
    { status: 'undeliverable', reason: 'gone' },
    { status: 'undeliverable', reason: 'gone' },
  ]);
  expect(await endpointRow(id)).toEqual({ status: 'disabled', disabled_by: null, disabled_reason: 'gone' });
  const told = [
    {
      type: 'endpoint.disabled',
      data: { endpoint: id, consumer: null, reason: 'gone', statusCode: 410, delivery: expect.any(String) },
    },
  ];
  expect(await toldAbout()).toEqual(told);

  // The acknowledgement was lost, so the record is repeated, perhaps after the owner has enabled the endpoint again.
  await act(id, 'enable');
  expect(await recordAttempts(suite.store.pool, records)).toMatchObject({ transitions: [], resyncs: [] });
  expect(await endpointRow(id)).toEqual({ status: 'active', disabled_by: null, disabled_reason: null });
  expect(await toldAbout()).toEqual(told);
});

test('a process that dies before the commit leaves neither half', async () => {
  const id = await suite.store.newEndpoint({ project: suite.project });
  const record = await goneRecord(await createDelivery('mine'));
  const dying = pausingAtCommit(suite.store.pool);
  const recorded = recordAttempts(dying.pool, [record]);
  await dying.paused;
  await suite.store.pool.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND state = 'idle in transaction'`,
  );
  dying.resume();
  await expect(recorded).rejects.toThrow();

  expect(await endpointRow(id)).toMatchObject({ status: 'active' });
  expect(await statesOf()).toEqual(['pending']);
  expect(await toldAbout()).toEqual([]);
});

test('the open deliveries of the endpoint end in the background, whatever they wait for, and workflows are told', async () => {
  const id = await suite.store.newEndpoint({ project: suite.project });
  const gone = await createDelivery('mine');
  const retrying = await createDelivery('other');
  const [claim] = await claimDeliveries(suite.store.pool, 'other', [{ id: retrying, step: 0 }]);
  await recordAttempts(suite.store.pool, [attemptRecordOf(claim!)]);
  await accept(2);
  const record = await goneRecord(gone);
  await act(id, 'pause');
  await accept(1);

  expect((await recordAttempts(suite.store.pool, [record])).resyncs).toMatchObject([{ id }]);
  expect(await statesOf()).toEqual([
    'undeliverable gone',
    'retrying',
    'pending',
    'pending',
    'held endpoint_paused',
  ]);
  // The process that recorded the 410 has died: another one finds the work in Postgres.
  await sweep();

  expect(await statesOf()).toEqual(Array(5).fill('undeliverable gone'));
  expect(suite.ended).toEqual([{ owner: 'other', ids: [retrying] }]);
  const { rows } = await suite.store.pool.query(
    `SELECT status, open_count, count(*)::int AS n FROM events WHERE project_id = $1 GROUP BY 1, 2`,
    [suite.project],
  );
  expect(rows).toEqual([{ status: 'undeliverable', open_count: 0, n: 5 }]);
});

test('a delivery that is being attempted ends at its next claim, and its success counts', async () => {
  await suite.store.newEndpoint({ project: suite.project });
  const [gone, fails, succeeds] = [
    await createDelivery('mine'),
    await createDelivery('mine'),
    await createDelivery('mine'),
  ];
  const steps = [fails, succeeds].map((id) => ({ id, step: 0 }));
  const claims = await claimDeliveries(suite.store.pool, 'mine', steps);
  await respondGone(gone);
  await sweep();
  await recordAttempts(suite.store.pool, [
    attemptRecordOf(claims.find(({ id }) => id === fails)!, { retryInMs: 0 }),
    attemptRecordOf(claims.find(({ id }) => id === succeeds)!, { outcome: 'delivered', statusCode: 200 }),
  ]);
  expect(await statesOf()).toEqual(['undeliverable gone', 'retrying', 'delivered']);

  const { results } = await resolveUnclaimed(suite.store.pool, 'mine', [{ id: fails, step: 1 }]);
  expect(results).toMatchObject([{ id: fails, kind: 'undeliverable' }]);
  expect(await statesOf()).toEqual(['undeliverable gone', 'undeliverable gone', 'delivered']);
});

test('an event that was matched before the 410 and stored after it ends at its claim; later ones do not match', async () => {
  await suite.store.newEndpoint({ project: suite.project });
  const gone = await createDelivery('mine');
  const ingest = pausingAtCommit(suite.store.pool);
  const accepted = accept(1, ingest.pool);
  await ingest.paused;
  await respondGone(gone);
  await sweep();
  ingest.resume();
  await accepted;
  expect(await statesOf()).toEqual(['undeliverable gone', 'pending']);

  const { rows } = await suite.store.pool.query<{ id: string }>(
    `UPDATE deliveries SET owner = 'late' WHERE project_id = $1 AND status = 'pending' RETURNING id`,
    [suite.project],
  );
  const step = { id: rows[0]!.id, step: 0 };
  expect(await claimDeliveries(suite.store.pool, 'late', [step])).toEqual([]);
  await resolveUnclaimed(suite.store.pool, 'late', [step]);
  expect(await statesOf()).toEqual(['undeliverable gone', 'undeliverable gone']);

  await accept(1);
  expect(await statesOf()).toHaveLength(2);
});

test('an endpoint that its owner disabled before stays disabled by the owner', async () => {
  const id = await suite.store.newEndpoint({ project: suite.project });
  const record = await goneRecord(await createDelivery('mine'));
  await act(id, 'disable');
  await recordAttempts(suite.store.pool, [record]);
  expect(await endpointRow(id)).toEqual({
    status: 'disabled',
    disabled_by: 'project',
    disabled_reason: 'gone',
  });
});

test('an endpoint that was deleted meanwhile stays deleted, and nobody is told', async () => {
  const id = await suite.store.newEndpoint({ project: suite.project });
  const record = await goneRecord(await createDelivery('mine'));
  await suite.store.pool.query(`UPDATE endpoints SET status = 'deleted' WHERE id = $1`, [id]);
  expect(await recordAttempts(suite.store.pool, [record])).toMatchObject({ resyncs: [] });
  expect(await endpointRow(id)).toMatchObject({ status: 'deleted', disabled_reason: null });
  expect(await toldAbout()).toEqual([]);
});
