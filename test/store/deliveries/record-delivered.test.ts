import { claimDeliveries } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import type { AttemptRecord } from '../../../src/store/deliveries/recording/attempt-record.ts';
import { recordAttempts, writeAttempts } from '../../../src/store/deliveries/recording/record-attempts.ts';
import { recordDelivered } from '../../../src/store/deliveries/recording/record-delivered.ts';
import { attemptRecordOf } from '../attempt-record.ts';
import { useClaims } from './claims-set-up.ts';

const claims = useClaims();

const delivered: Partial<AttemptRecord> = {
  startedAt: new Date('2026-11-29T15:00:00Z'),
  durationMs: 7,
  outcome: 'delivered',
  statusCode: 202,
  resent: true,
  requestUrl: 'http://receiver.test/hook',
  requestHeaders: Buffer.from('[["a","1"]]'),
  responseHeaders: Buffer.from('[["b","2"]]'),
  responseBody: Buffer.from('thanks'),
  responseTruncated: true,
  retryInMs: 60_000,
};

/** Everything that a record writes, without the ids and times that differ between two events. */
async function writtenFor(id: string) {
  const { store } = claims;
  const withoutIds = (row: string, ...more: string[]): string =>
    [
      'id',
      'event_id',
      'delivery_id',
      'created_at',
      'expires_at',
      'claimed_at',
      'sequence',
      'xid',
      'seq',
      'at',
      ...more,
    ].reduce((json, column) => `${json} - '${column}'`, `to_jsonb(${row})`);
  return store.queryOne(
    `SELECT ${withoutIds('d', 'settled_at')} AS delivery, d.settled_at IS NOT NULL AS settled,
            ${withoutIds('e', 'settled_at', 'open_count')} AS event, e.open_count, e.settled_at IS NOT NULL AS event_settled,
            (SELECT jsonb_agg(${withoutIds('a')}) FROM attempts a WHERE a.delivery_id = d.id) AS attempts,
            (SELECT jsonb_agg(${withoutIds('o')} || jsonb_build_object('latency_ms', o.latency_ms BETWEEN 0 AND 600000) ORDER BY o.xid, o.seq) FROM outcomes o WHERE o.event_id = e.id) AS outcomes,
            d.id IN (SELECT delivery_id FROM assigned_first_attempts) AS listed
     FROM deliveries d JOIN events e ON e.project_id = d.project_id AND e.id = d.event_id WHERE d.id = $1`,
    [id],
  );
}

async function claimedDelivery() {
  const id = await claims.createDelivery();
  const [claim] = (await claims.claim('mine', id)).claims;
  return { id, record: attemptRecordOf(claim!, delivered) };
}

test('a delivered attempt is recorded as by the statement for all outcomes', async () => {
  const one = await claimedDelivery();
  const other = await claimedDelivery();

  const [transition] = await recordDelivered(claims.store.pool, [one.record]);
  const [expected] = await writeAttempts(claims.store.pool, [other.record]);

  const ids = { id: one.id, eventId: transition!.eventId };
  expect(transition).toEqual({ ...expected, ...ids });
  const written = await writtenFor(one.id);
  expect(written).toEqual(await writtenFor(other.id));
  expect(written).toMatchObject({
    settled: true,
    event_settled: true,
    listed: false,
    attempts: [{ outcome: 'delivered', status_code: 202, response_body: '\\x7468616e6b73' }],
    outcomes: [
      { kind: 'delivery.delivered', duration_ms: 7, status_code: 202, latency_ms: true },
      { kind: 'event.settled', duration_ms: null, latency_ms: null, status: 'delivered' },
    ],
  });
});

test('an event is settled with its last delivery, as undeliverable if one of them was', async () => {
  const { store } = claims;
  await store.newEndpoint();
  await store.newEndpoint();
  const { event, ids } = await store.acceptEvent('mine');
  const records: AttemptRecord[] = [];
  for (const id of ids) records.push(attemptRecordOf((await claims.claim('mine', id)).claims[0]!, delivered));
  const statusOfEvent = () =>
    store.queryOne('SELECT status, open_count, delivered_count FROM events WHERE id = $1', [event]);

  await recordAttempts(store.pool, records.slice(0, 1));
  expect(await statusOfEvent()).toEqual({ status: 'pending', open_count: 2, delivered_count: 1 });
  await recordAttempts(store.pool, [{ ...records[1]!, outcome: 'rejected', retryInMs: null }]);
  await recordAttempts(store.pool, records.slice(2));

  expect(await statusOfEvent()).toEqual({ status: 'undeliverable', open_count: 0, delivered_count: 2 });
  expect(
    await store.queryOne(
      `SELECT array_agg(ARRAY[kind, duration_ms::text, status_code::text, (latency_ms IS NULL)::text] ORDER BY xid, seq) AS rows
       FROM outcomes WHERE event_id = $1 AND kind <> 'delivery.delivered'`,
      [event],
    ),
  ).toEqual({
    rows: [
      ['attempt.failed', '7', '202', 'true'],
      ['delivery.undeliverable', '7', '202', 'true'],
      ['event.settled', null, null, 'true'],
    ],
  });
});

test('a success of a receiver that has failed is left to the statement that ends its failures', async () => {
  const { store } = claims;
  const afterFailure = await claimedDelivery();
  await store.pool.query(
    `INSERT INTO receiver_failures (receiver, project_id, failures, first_failure_at, last_failure_at)
     VALUES ($1, $2, 3, now(), now())`,
    [claims.endpoint, store.project],
  );

  expect(await recordDelivered(store.pool, [afterFailure.record])).toEqual([]);
  const { transitions } = await recordAttempts(store.pool, [afterFailure.record]);

  expect(transitions).toMatchObject([{ id: afterFailure.id, status: 'delivered' }]);
  expect(await store.queryOne('SELECT count(*)::int AS n FROM receiver_failures')).toEqual({ n: 0 });
});

test('a record of a claim that is no longer open changes nothing', async () => {
  const { id, record } = await claimedDelivery();
  await recordAttempts(claims.store.pool, [record]);
  const before = await writtenFor(id);

  expect(await recordDelivered(claims.store.pool, [record, { ...record, epoch: record.epoch + 1 }])).toEqual(
    [],
  );

  expect(await writtenFor(id)).toEqual(before);
});

test('records of overlapping events, made at once, do not deadlock', async () => {
  const { store } = claims;
  for (let more = 0; more < 3; more++) await store.newEndpoint();
  for (let round = 0; round < 8; round++) {
    const accepted = await Promise.all(Array.from({ length: 60 }, () => store.acceptEvent('mine')));
    const steps = accepted.flatMap(({ ids }) => ids.map((id) => ({ id, step: 0 })));
    const records = (await claimDeliveries(store.pool, 'mine', steps)).map((claim) =>
      attemptRecordOf(claim, delivered),
    );
    // Of different sizes: hash tables of the same size would have the same order.
    const parts = Object.values(
      Object.groupBy(records, (_, index) => ((index * 7919) % 20 < 11 ? 0 : 1 + (index % 3))),
    );

    const transitions = await Promise.all(parts.map((part) => recordDelivered(store.pool, part!)));

    expect(transitions.flat()).toHaveLength(records.length);
  }
});
