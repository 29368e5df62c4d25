import pg from 'pg';
import { assignDue } from '../../../src/store/deliveries/assignments/assign-due.ts';
import { claimDeliveries } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import {
  findLostProcesses,
  type ProcessIdentity,
  recordHeartbeat,
  removeProcess,
  silentProcesses,
} from '../../../src/store/processes/processes.ts';
import { eventually } from '../../set-up/eventually.ts';
import { acceptEvents } from '../accept-events.ts';
import { type SeededStore, secretBox, seedStore } from '../seed.ts';

let store: SeededStore;

beforeEach(async () => {
  store = await seedStore();
});
afterEach(() => store.drop());

const named = (id: string): ProcessIdentity => ({ id, role: 'worker', host: 'there', pid: 7 });

/** A process that has sent heartbeats for a minute. */
async function observe(id = 'observer'): Promise<void> {
  await recordHeartbeat(store.pool, named(id));
  await age(id, 'heartbeats_continuous_since', 60);
}

const age = (
  id: string,
  column: 'last_heartbeat_at' | 'heartbeats_continuous_since' | 'lost_at',
  seconds: number,
) =>
  store.pool.query(
    `UPDATE processes SET ${column} = clock_timestamp() - $2 * interval '1 second' WHERE id = $1`,
    [id, seconds],
  );

/** A process whose last heartbeat came on a separate connection, which stays open until `hangUp`. */
async function startOther(id: string): Promise<{ hangUp(): Promise<void> }> {
  const client = new pg.Client({ connectionString: store.url });
  await client.connect();
  await recordHeartbeat(client, named(id));
  const { backend_pid } = await store.queryOne<{ backend_pid: number }>(
    'SELECT backend_pid FROM processes WHERE id = $1',
    [id],
  );
  return {
    async hangUp() {
      await client.end();
      const isOpen = 'SELECT FROM pg_stat_activity WHERE pid = $1';
      await eventually(async () => (await store.pool.query(isOpen, [backend_pid])).rowCount === 0);
    },
  };
}

const idsOf = (processes: { id: string }[]): string[] => processes.map(({ id }) => id);

test('a silent process whose connection is closed is found once, with the attempts that it left open', async () => {
  await store.newEndpoint();
  const { ids } = await store.acceptEvent('mine');
  await store.acceptEvent('not claimed');
  await claimDeliveries(store.pool, 'mine', [{ id: ids[0]!, step: 0 }], { processId: 'killed' });
  await observe('one');
  await observe('other');
  const killed = await startOther('killed');
  await killed.hangUp();
  await age('killed', 'last_heartbeat_at', 6);
  expect((await recordHeartbeat(store.pool, named('one'))).hasSilentPeers).toBe(true);

  const found = await Promise.all(['one', 'other'].map((id) => findLostProcesses(store.pool, id)));

  expect(found.flat()).toEqual([
    {
      id: 'killed',
      role: 'worker',
      host: 'there',
      pid: 7,
      interruptedAttempts: 1,
      silentForMs: expect.closeTo(6_000, -3),
    },
  ]);
  expect((await recordHeartbeat(store.pool, named('one'))).hasSilentPeers).toBe(false);
});

test('a silent process whose connection is still open is lost only after 30 s', async () => {
  await observe();
  const slow = await startOther('slow');
  await age('slow', 'last_heartbeat_at', 29);
  expect(await silentProcesses(store.pool, 'observer')).toEqual(['slow']);
  expect(await findLostProcesses(store.pool, 'observer')).toEqual([]);

  await age('slow', 'last_heartbeat_at', 31);

  expect(idsOf(await findLostProcesses(store.pool, 'observer'))).toEqual(['slow']);
  await slow.hangUp();
});

test('a process with a heartbeat within 5 s is neither silent nor lost', async () => {
  await observe();
  const quick = await startOther('quick');
  await quick.hangUp();
  await age('quick', 'last_heartbeat_at', 4);

  expect((await recordHeartbeat(store.pool, named('observer'))).hasSilentPeers).toBe(false);
  expect(await silentProcesses(store.pool, 'observer')).toEqual([]);
  expect(await findLostProcesses(store.pool, 'observer')).toEqual([]);
});

test('after an outage of Postgres no process counts the others as lost, because it was silent itself', async () => {
  await observe();
  const other = await startOther('other');
  await other.hangUp();
  await age('observer', 'last_heartbeat_at', 120);
  await age('other', 'last_heartbeat_at', 120);

  expect(await findLostProcesses(store.pool, 'observer')).toEqual([]);
  await recordHeartbeat(store.pool, named('observer'));
  expect(await findLostProcesses(store.pool, 'observer')).toEqual([]);
  expect(await silentProcesses(store.pool, 'observer')).toEqual([]);
});

test('a lost process that comes back is notified once, and counts as alive again', async () => {
  await observe();
  const slow = await startOther('slow');
  await age('slow', 'last_heartbeat_at', 31);
  await findLostProcesses(store.pool, 'observer');

  expect(await recordHeartbeat(store.pool, named('slow'))).toMatchObject({ wasLost: true });
  expect(await recordHeartbeat(store.pool, named('slow'))).toMatchObject({ wasLost: false });
  expect(await store.queryOne(`SELECT lost_at FROM processes WHERE id = 'slow'`)).toEqual({ lost_at: null });
  await slow.hangUp();
});

test('a process that stops leaves no row, and a process lost long ago is removed when the next one is found', async () => {
  await observe();
  await recordHeartbeat(store.pool, named('stops'));
  await removeProcess(store.pool, 'stops');
  for (const id of ['long ago', 'now']) await (await startOther(id)).hangUp();
  await age('long ago', 'lost_at', 2 * 86_400);
  await age('now', 'last_heartbeat_at', 60);

  await findLostProcesses(store.pool, 'observer');

  const { rows } = await store.pool.query('SELECT id FROM processes ORDER BY id');
  expect(idsOf(rows)).toEqual(['now', 'observer']);
});

test('an assignment records the process that made it, and a claim the process that claimed', async () => {
  await store.newEndpoint();
  const { deliveries: accepted } = await acceptEvents(
    store.pool,
    secretBox,
    [store.draft(), store.draft()],
    (_, index) => (index === 0 ? 'mine' : null),
    { processId: 'api' },
  );
  const assigned = [accepted[0]!.id];
  const processOf = async (id: string) => (await store.deliveryOf(id)).process_id;
  expect(await processOf(assigned[0]!)).toBe('api');
  const { deliveries, workflowId } = (await assignDue(store.pool, store.project, {
    maxDeliveries: 1,
    minDeliveries: 1,
    grouping: true,
    uuid: 'one',
    processId: 'dispatcher',
  }))!;
  const { id } = deliveries[0]!;
  expect(await processOf(id)).toBe('dispatcher');

  await claimDeliveries(store.pool, workflowId, deliveries, { processId: 'worker' });

  expect(await processOf(id)).toBe('worker');
  // An open claim keeps its process, even when another process assigns the delivery.
  await store.pool.query('UPDATE deliveries SET owner = NULL WHERE id = $1', [id]);
  const again = {
    maxDeliveries: 1,
    minDeliveries: 1,
    grouping: true,
    uuid: 'two',
    processId: 'other dispatcher',
  };
  expect(await assignDue(store.pool, store.project, again)).toMatchObject({ deliveries: [{ id }] });
  expect(await processOf(id)).toBe('worker');
});
