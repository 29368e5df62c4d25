import { markEndpointDeleted } from '../../../src/store/endpoints/delete-endpoint.ts';
import type { EndpointAction } from '../../../src/store/endpoints/endpoint-status.ts';
import { useEndpointStates } from './endpoint-states-set-up.ts';

const suite = useEndpointStates();
const { untilDone, act, endpointRow, kinds, accept, setPlans, setPlan } = suite;

describe('the status of an endpoint', () => {
  const statuses = ['active', 'paused', 'disabled'] as const;
  test.each<[EndpointAction, (string | null)[]]>([
    ['pause', ['paused', 'paused', null]],
    ['resume', ['active', 'active', null]],
    ['disable', ['disabled', 'disabled', 'disabled']],
    ['enable', ['active', null, 'active']],
  ])('changes with %s as its current status allows', async (action, expected) => {
    for (const [index, before] of statuses.entries()) {
      const id = await suite.store.newEndpoint({ project: suite.project });
      await suite.store.pool.query('UPDATE endpoints SET status = $2 WHERE id = $1', [id, before]);

      const result = await act(id, action);

      const next = expected[index];
      if (next === null) expect(result).toEqual({ kind: 'wrong_status', status: before });
      else expect(result).toMatchObject({ kind: 'done', endpoint: { id, status: next } });
      expect(await endpointRow(id)).toMatchObject({ status: next ?? before, resync_due_at: null });
    }
  });

  test('cannot be changed by another project or consumer, or after deletion', async () => {
    const id = await suite.store.newEndpoint({ project: suite.project, consumer: 'acme' });
    const others = [
      { projectId: suite.store.project, consumer: null },
      { projectId: suite.project, consumer: 'globex' },
    ];
    for (const other of others) {
      expect(await untilDone().changeState(other, id, 'pause')).toEqual({ kind: 'not_found' });
    }
    await markEndpointDeleted(suite.store.pool, suite.project, null, id);
    expect(await act(id, 'pause')).toEqual({ kind: 'not_found' });
  });

  test('determines the hold reason, and a suspension by plan counts only while the endpoint is active', async () => {
    const id = await suite.store.newEndpoint({ project: suite.project, consumer: 'acme' });
    await act(id, 'pause');
    await accept(2, suite.store.pool, 'acme');
    expect(await kinds()).toEqual({ 'held endpoint_paused': 2 });

    await act(id, 'disable');
    expect(await kinds()).toEqual({ 'held endpoint_disabled': 2 });
    await setPlans(['pro']);
    expect(await kinds()).toEqual({ 'held endpoint_disabled': 2 });
    await act(id, 'enable');
    expect(await kinds()).toEqual({ 'held plan': 2 });
    await setPlan('acme', 'pro');
    expect(await kinds()).toEqual({ 'pending due': 2 });
    expect(suite.released).toBe(1);
  });
});
