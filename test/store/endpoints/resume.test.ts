import type pg from 'pg';
import { createEndpointStates } from '../../../src/background/endpoint-states.ts';
import { claimDeliveries } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import { resolveUnclaimed } from '../../../src/store/deliveries/claims/resolve-unclaimed.ts';
import { resyncHeld } from '../../../src/store/deliveries/resync-held.ts';
import { cancelOpenDeliveries, markEndpointDeleted } from '../../../src/store/endpoints/delete-endpoint.ts';
import { changeEndpointState } from '../../../src/store/endpoints/endpoint-status.ts';
import { eventually } from '../../set-up/eventually.ts';
import { pausingAtCommit, untilBlocked } from '../stopping-pool.ts';
import { useEndpointStates } from './endpoint-states-set-up.ts';

const suite = useEndpointStates();
const { deps, scope, act, sweep, endpointRow, kinds, accept, createDelivery } = suite;

describe('a resume', () => {
  test('waits for an event that was matched during the pause, and releases its delivery', async () => {
    const id = await suite.store.newEndpoint({ project: suite.project });
    await act(id, 'pause');
    const ingest = pausingAtCommit(suite.store.pool);
    const accepted = accept(1, ingest.pool);
    await ingest.paused;

    const resumed = act(id, 'resume');
    await untilBlocked(suite.store.pool);
    ingest.resume();
    await Promise.all([accepted, resumed]);

    expect(await kinds()).toEqual({ 'pending due': 1 });
    expect(await endpointRow(id)).toMatchObject({ status: 'active', resync_due_at: null });
  });

  test('waits for a claim that holds a delivery because of the pause, and releases the delivery', async () => {
    const id = await suite.store.newEndpoint({ project: suite.project });
    const delivery = await createDelivery('mine');
    await act(id, 'pause');
    const claim = pausingAtCommit(suite.store.pool);
    const held = resolveUnclaimed(claim.pool, 'mine', [{ id: delivery, step: 0 }]);
    await claim.paused;

    const resumed = act(id, 'resume');
    await untilBlocked(suite.store.pool);
    claim.resume();
    await Promise.all([held, resumed]);

    expect((await held).results).toEqual([{ id: delivery, kind: 'released' }]);
    expect(await kinds()).toEqual({ 'pending due': 1 });
  });

  test('lets a delivery be claimed that could not be claimed during the pause', async () => {
    const id = await suite.store.newEndpoint({ project: suite.project });
    const delivery = await createDelivery('mine');
    await act(id, 'pause');
    expect(await claimDeliveries(suite.store.pool, 'mine', [{ id: delivery, step: 0 }])).toEqual([]);
    await act(id, 'resume');

    const { claimable } = await resolveUnclaimed(suite.store.pool, 'mine', [{ id: delivery, step: 0 }]);
    expect(await claimDeliveries(suite.store.pool, 'mine', claimable)).toMatchObject([
      { id: delivery, epoch: 1 },
    ]);
  });

  test('and a pause during its release leave each delivery due or held, and the next resume releases all', async () => {
    const id = await suite.store.newEndpoint({ project: suite.project });
    await act(id, 'pause');
    await accept(1_200);
    await changeEndpointState(suite.store.pool, scope(), id, 'resume');
    const resync = pausingAtCommit(suite.store.pool);
    const batch = resyncHeld(resync.pool, id, '', 0);
    await resync.paused;
    await changeEndpointState(suite.store.pool, scope(), id, 'pause');
    resync.resume();
    await batch;
    expect(await kinds()).toEqual({ 'pending due': 500, 'held endpoint_paused': 700 });
    expect(await resyncHeld(suite.store.pool, id, '', 0)).toMatchObject({ next: null, released: 0 });

    await Promise.all([act(id, 'resume'), act(id, 'pause'), act(id, 'resume'), act(id, 'resume')]);
    await act(id, 'resume');

    expect(await kinds()).toEqual({ 'pending due': 1_200 });
    expect(await endpointRow(id)).toMatchObject({ resync_due_at: null });
  });

  test('whose process crashes during the release is completed by the sweep after a minimum age, or by the next resume', async () => {
    const ids = [
      await suite.store.newEndpoint({ project: suite.project }),
      await suite.store.newEndpoint({ project: suite.project }),
    ];
    for (const id of ids) await act(id, 'pause');
    await accept(600);
    for (const id of ids) {
      await changeEndpointState(suite.store.pool, scope(), id, 'resume');
      await resyncHeld(suite.store.pool, id, '', 0);
    }
    expect(await kinds()).toEqual({ 'pending due': 1_000, 'held endpoint_paused': 200 });

    await sweep(60_000);
    expect(await kinds()).toEqual({ 'pending due': 1_000, 'held endpoint_paused': 200 });
    await act(ids[0]!, 'resume');
    expect(await kinds()).toEqual({ 'pending due': 1_100, 'held endpoint_paused': 100 });
    await sweep();

    expect(await kinds()).toEqual({ 'pending due': 1_200 });
    for (const id of ids) expect(await endpointRow(id)).toMatchObject({ resync_due_at: null });
  });

  describe('with more held deliveries than a batch', () => {
    const COUNT = 1_700;
    let id: string;
    let blocker: pg.PoolClient;

    // Locks a row of the second batch.
    beforeEach(async () => {
      id = await suite.store.newEndpoint({ project: suite.project });
      await act(id, 'pause');
      await accept(COUNT);
      blocker = await suite.store.pool.connect();
      await blocker.query('BEGIN');
      await blocker.query(
        'SELECT FROM deliveries WHERE id = (SELECT id FROM deliveries WHERE endpoint_id = $1 ORDER BY id OFFSET 700 LIMIT 1) FOR UPDATE',
        [id],
      );
    });
    const unblock = async () => {
      await blocker.query('ROLLBACK');
      blocker.release();
    };

    test('returns before all are released, and continues in the background', async () => {
      const inTheBackground = createEndpointStates(deps(), 0);
      expect(await inTheBackground.changeState(scope(), id, 'resume')).toMatchObject({ kind: 'done' });
      expect(await kinds()).toEqual({ 'pending due': 500, 'held endpoint_paused': COUNT - 500 });
      expect((await endpointRow(id)).resync_due_at).not.toBeNull();

      await unblock();
      await eventually(async () => (await endpointRow(id)).resync_due_at === null);
      expect(await kinds()).toEqual({ 'pending due': COUNT });
      expect(suite.released).toBe(4);
      await inTheBackground.close();
    });

    test('stops after the current batch at a close, and the sweep completes it', async () => {
      const closing = createEndpointStates(deps(), 0);
      await closing.changeState(scope(), id, 'resume');
      const closed = closing.close();
      await unblock();
      await closed;
      expect(await kinds()).toEqual({ 'pending due': 1_000, 'held endpoint_paused': COUNT - 1_000 });

      await sweep();
      expect(await kinds()).toEqual({ 'pending due': COUNT });
    });

    test('stops when the endpoint is disabled', async () => {
      const inTheBackground = createEndpointStates(deps(), 0);
      await inTheBackground.changeState(scope(), id, 'resume');
      await changeEndpointState(suite.store.pool, scope(), id, 'disable');
      await unblock();
      await inTheBackground.changeState(scope(), id, 'disable');
      await eventually(async () => (await endpointRow(id)).resync_due_at === null);

      const { 'pending due': due = 0, ...rest } = await kinds();
      expect(due).toBeGreaterThanOrEqual(500);
      expect(rest).toEqual({ 'held endpoint_disabled': COUNT - due });
      await inTheBackground.close();
    });
  });

  test('that fails in the sweep is reported, and does not block others', async () => {
    const ids: string[] = [];
    for (let n = 0; n < 3; n++) ids.push(await suite.store.newEndpoint({ project: suite.project }));
    for (const id of ids) await act(id, 'pause');
    await accept(1);
    for (const id of ids) await changeEndpointState(suite.store.pool, scope(), id, 'resume');
    await suite.store.pool.query(`
      CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not these'; END $$;
      CREATE TRIGGER refuse BEFORE UPDATE ON deliveries
      FOR EACH ROW WHEN (OLD.endpoint_id = '${ids[0]}') EXECUTE FUNCTION refuse()`);

    await sweep();
    expect(suite.failures.splice(0)).toMatchObject([{ message: 'not these' }]);
    expect(await kinds()).toEqual({ 'pending due': 2, 'held endpoint_paused': 1 });

    await suite.store.pool.query('DROP FUNCTION refuse CASCADE');
    await sweep();
    expect(await kinds()).toEqual({ 'pending due': 3 });
  });

  test('during a deletion leaves every delivery cancelled', async () => {
    const id = await suite.store.newEndpoint({ project: suite.project });
    await act(id, 'pause');
    await accept(700);
    await changeEndpointState(suite.store.pool, scope(), id, 'resume');
    const resync = pausingAtCommit(suite.store.pool);
    const batch = resyncHeld(resync.pool, id, '', 0);
    await resync.paused;

    const deleted = markEndpointDeleted(suite.store.pool, suite.project, null, id);
    await untilBlocked(suite.store.pool);
    resync.resume();
    await Promise.all([batch, deleted]);
    expect(await resyncHeld(suite.store.pool, id, '', 0)).toMatchObject({ next: null, released: 0 });
    for (let next: string | null = ''; next !== null; )
      next = (await cancelOpenDeliveries(suite.store.pool, id, next)).next;
    await sweep();

    expect(await kinds()).toEqual({ cancelled: 700 });
  });

  test('keeps the step and attempts of a delivery, and moves it to the lane of its receiver', async () => {
    const id = await suite.store.newEndpoint({ project: suite.project });
    const [tried, isolated] = [await createDelivery('mine'), await createDelivery('mine')];
    await suite.store.pool.query(
      `UPDATE deliveries SET status = 'retrying', step = 2, attempts = 2, lane = CASE WHEN id = $2 THEN 'isolated' ELSE lane END
       WHERE id = ANY ($1)`,
      [[tried, isolated], isolated],
    );
    await act(id, 'disable');
    await resolveUnclaimed(suite.store.pool, 'mine', [
      { id: tried, step: 2 },
      { id: isolated, step: 2 },
    ]);
    expect(await kinds()).toEqual({ 'held endpoint_disabled': 2 });
    await suite.store.pool.query(
      `INSERT INTO receiver_gates (receiver, project_id, slow_since, slow_cause) VALUES ($1, 'prj', now(), 'slow')`,
      [id],
    );

    await act(id, 'enable');

    const rest = { status: 'retrying', step: 2, attempts: 2, waiting_for: null, owner: null };
    expect(await suite.store.deliveryOf(tried)).toMatchObject({ ...rest, lane: 'restricted' });
    expect(await suite.store.deliveryOf(isolated)).toMatchObject({ ...rest, lane: 'isolated' });
  });

  test('does not release deliveries that are held for another reason than the endpoint', async () => {
    const id = await suite.store.newEndpoint({ project: suite.project });
    await act(id, 'pause');
    await accept(1);
    await suite.store.pool.query(
      `UPDATE deliveries SET waiting_for = 'something_else' WHERE project_id = $1`,
      [suite.project],
    );
    await act(id, 'resume');
    expect(await kinds()).toEqual({ 'held something_else': 1 });
    expect(await endpointRow(id)).toMatchObject({ resync_due_at: null });
  });
});
