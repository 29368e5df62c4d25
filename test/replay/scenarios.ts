import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Progress } from '../../workflows/contract.ts';
import { openAccount } from '../providers/account.ts';
import { PROVIDERS, type Provider } from '../providers/providers.ts';
import { eventually } from '../set-up/eventually.ts';
import type { Delivery, Event, TestPosthorn } from '../set-up/test-posthorn.ts';
import { CANARIES } from './canaries.ts';
import { historyJsonOf, readHistoryFacts } from './history.ts';
import { startInterruptibleProxy } from './interruptible-proxy.ts';
import { respond, runScenario, type ScenarioContext } from './stage.ts';

const SECRET = `whsec_${CANARIES.secret}`;
/** No delay is shorter than the timeout, so deliveries that fail together stay in one activity. */
const QUICK = { delays: ['1s', '2s'], timeout: '1s' };

/** Each scenario runs one path through the workflow on real servers and returns the history as JSON. */
export const SCENARIOS: Record<string, () => Promise<string>> = {
  'delivered-at-once': () => runScenario((stage) => playOne(stage, [200])),

  'delivered-on-attempt-3': () => runScenario((stage) => playOne(stage, [500, 503, 200], QUICK)),

  undeliverable: () => runScenario((stage) => playOne(stage, [500, 500, 404], QUICK)),

  'delays-shorter-than-the-timeout': () =>
    runScenario((stage) => playOne(stage, [500, 500, 200], { delays: ['1s', '2s'], timeout: '30s' })),

  cancelled: () =>
    runScenario(async (stage) => {
      const posthorn = await stage.posthorn();
      const { id, workflowId } = await postOne(posthorn, await stage.receiver([500]));
      await untilWaiting(posthorn, workflowId, id, 1);
      await posthorn.call('POST', `/v1/deliveries/${id}/cancel`);
      return historyWhenClosed(posthorn, workflowId);
    }),

  'retry-now': () =>
    runScenario(async (stage) => {
      const posthorn = await stage.posthorn();
      const { id, workflowId } = await postOne(posthorn, await stage.receiver([500, 200]));
      await untilWaiting(posthorn, workflowId, id, 1);
      await posthorn.call('POST', `/v1/deliveries/${id}/retry`);
      return historyWhenClosed(posthorn, workflowId);
    }),

  'group-that-fails-at-different-steps': () =>
    runScenario(async (stage) => {
      const posthorn = await stage.posthorn();
      await posthorn.call('PATCH', '/v1/project', { policy: QUICK });
      const scripts = [[200], [500, 200], [500, 503, 200], [500, 500, 500]];
      const receivers = await Promise.all(scripts.map(stage.receiver));
      const events = receivers.map(eventTo);
      const { items } = await posthorn.call<{ items: Event[] }>('POST', '/v1/events/batch', { events });
      return historyWhenClosed(posthorn, await workflowOf(posthorn, items[0]!.id));
    }),

  'fan-out-of-ten': () =>
    runScenario(async (stage) => {
      const posthorn = await stage.posthorn();
      const receiver = await stage.receiver([200]);
      for (let n = 0; n < 10; n += 1) await posthorn.newEndpoint(`${receiver.url}${n}`, { secret: SECRET });
      const { id } = await posthorn.post({ type: 'render.completed', data: CANARIES.data });
      return historyWhenClosed(posthorn, await workflowOf(posthorn, id));
    }),

  'rerun-after-a-lost-worker': () =>
    runScenario(async (stage) => {
      const posthorn = await stage.posthorn({ roles: { api: true, worker: false } });
      const receiver = await stage.receiver([() => {}, (_request, response) => respond(response, 200)]);
      const lost = stage.workerProcess(posthorn);
      const { workflowId } = await postOne(posthorn, receiver);
      await receiver.untilReceived(1, 30_000);
      lost.kill('SIGKILL');
      await once(lost, 'exit');
      await stage.worker(posthorn);
      return historyWhenClosed(posthorn, workflowId);
    }),

  superseded: () =>
    runScenario(async (stage) => {
      const posthorn = await stage.posthorn({ roles: { api: true, worker: false } });
      // The receiver fails: otherwise the old workflow too would report the delivery as delivered.
      const { id, workflowId } = await postOne(posthorn, await stage.receiver([500]));
      await posthorn.database.pool.query('UPDATE deliveries SET owner = NULL WHERE id = $1', [id]);
      await eventually(async () => (await deliveryOf(posthorn, id)).workflow?.id !== workflowId);
      await stage.worker(posthorn);
      return historyWhenClosed(posthorn, workflowId);
    }),

  'recorded-late': () =>
    runScenario(async (stage) => {
      const posthorn = await stage.posthorn({ roles: { api: true, worker: false } });
      const proxy = await startInterruptibleProxy(posthorn.config.databaseUrl);
      try {
        await posthorn.call('PATCH', '/v1/project', { policy: QUICK });
        await stage.worker(posthorn, proxy.url);
        const respondWithoutPostgres = (response: ServerResponse) => {
          proxy.interrupt();
          respond(response, 503);
        };
        const { workflowId } = await postOne(
          posthorn,
          await stage.receiver([(_request, response) => respondWithoutPostgres(response), 200]),
        );
        await eventually(async () => {
          const { activities } = await readHistoryFacts(posthorn.temporal, workflowId);
          return activities.some(({ name }) => name === 'recordOutcomes');
        }, 30_000);
        proxy.resume();
        return await historyWhenClosed(posthorn, workflowId);
      } finally {
        await proxy.close();
      }
    }),

  ...Object.fromEntries(
    PROVIDERS.map((provider) => [
      `policy-of-${provider.name}`,
      () => runScenario((stage) => playUntilUndeliverable(stage, provider)),
    ]),
  ),
};

/** Runs a delivery of a provider that fails at every attempt. Each retry is brought forward. */
async function playUntilUndeliverable(stage: ScenarioContext, provider: Provider): Promise<string> {
  const posthorn = await stage.posthorn();
  const { call, post } = await openAccount(posthorn, provider, (await stage.receiver([503])).url);
  const { name, example } = provider.profile.eventTypes[0]!;
  const { id } = await post(name, JSON.stringify({ ...(example as object), canary: CANARIES.data }));
  const deliveryNow = async () => (await call<Event>('GET', `/v1/events/${id}`)).deliveries[0]!;
  await eventually(async () => (await deliveryNow()).workflow?.id != null);
  const { id: deliveryId, workflow } = await deliveryNow();
  for (const step of provider.profile.policy.delays.keys()) {
    await untilWaiting(posthorn, workflow!.id, deliveryId, step + 1);
    await call('POST', `/v1/deliveries/${deliveryId}/retry`);
  }
  return historyWhenClosed(posthorn, workflow!.id);
}

async function playOne(stage: ScenarioContext, script: number[], policy?: object): Promise<string> {
  const posthorn = await stage.posthorn();
  if (policy) await posthorn.call('PATCH', '/v1/project', { policy });
  const { workflowId } = await postOne(posthorn, await stage.receiver(script));
  return historyWhenClosed(posthorn, workflowId);
}

const eventTo = ({ url }: { url: string }) => ({
  type: 'render.completed',
  data: { secret: CANARIES.data },
  target: { url, secret: SECRET },
});

async function postOne(
  posthorn: TestPosthorn,
  receiver: { url: string },
): Promise<{ id: string; workflowId: string }> {
  const event = await posthorn.post(eventTo(receiver));
  const workflowId = await workflowOf(posthorn, event.id);
  return { id: (await posthorn.eventOf(event.id)).deliveries[0]!.id, workflowId };
}

async function workflowOf(posthorn: TestPosthorn, eventId: string): Promise<string> {
  let id: string | null | undefined;
  await eventually(async () => {
    id = (await posthorn.eventOf(eventId)).deliveries[0]?.workflow?.id;
    return id != null;
  });
  return id!;
}

const deliveryOf = (posthorn: TestPosthorn, id: string): Promise<Delivery> =>
  posthorn.call('GET', `/v1/deliveries/${id}`);

/** Waits until the workflow waits for the step. In Postgres the failure is recorded some milliseconds earlier. */
export async function untilWaiting(
  posthorn: TestPosthorn,
  workflowId: string,
  deliveryId: string,
  step: number,
): Promise<void> {
  const handle = posthorn.temporal.workflow.getHandle(workflowId);
  await eventually(async () => {
    const entries = await handle.query<Progress>('progress').catch(() => []); // it may not have started yet
    return entries.some(
      (entry) => entry.id === deliveryId && entry.state === 'waiting' && entry.step === step,
    );
  });
}

async function historyWhenClosed(posthorn: TestPosthorn, workflowId: string): Promise<string> {
  const handle = posthorn.temporal.workflow.getHandle(workflowId);
  const isClosed = () =>
    handle.describe().then(
      ({ status }) => status.name !== 'RUNNING',
      () => false, // its id is in Postgres before the workflow starts
    );
  await eventually(isClosed, 30_000);
  return historyJsonOf(posthorn.temporal, workflowId);
}
