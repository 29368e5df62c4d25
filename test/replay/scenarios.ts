import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Rate } from '../../src/policy/pacing.ts';
import { openAccount } from '../providers/account.ts';
import { PROVIDERS, type Provider } from '../providers/providers.ts';
import { eventually } from '../set-up/eventually.ts';
import type { Event, TestPosthorn } from '../set-up/test-posthorn.ts';
import { CANARIES } from './canaries.ts';
import { FIVE_ATTEMPTS_SCENARIOS } from './five-attempts.ts';
import { historyJsonOf, readHistoryFacts } from './history.ts';
import { startInterruptibleProxy } from './interruptible-proxy.ts';
import { respond, runScenario, type ScenarioContext } from './stage.ts';
import {
  deliveryOf,
  eventTo,
  historyWhenClosed,
  postOne,
  QUICK,
  SECRET,
  untilWaiting,
  workflowOf,
} from './steps.ts';

/** Each scenario runs one path through the workflow on real servers and returns the history as JSON. */
export const SCENARIOS: Record<string, () => Promise<string>> = {
  'delivered-at-once': () => runScenario((stage) => playOne(stage, [200])),

  'delivered-on-attempt-3': () => runScenario((stage) => playOne(stage, [500, 503, 200], QUICK)),

  'waits-in-postgres': () =>
    runScenario(async (stage) => {
      const posthorn = await stage.posthorn({ settings: { maxWorkflowWaitMs: 1_000 } });
      await posthorn.call('PATCH', '/v1/project', { policy: { delays: ['1s', '5h'], timeout: '1s' } });
      const { workflowId } = await postOne(posthorn, await stage.receiver([500, 503]));
      return historyWhenClosed(posthorn, workflowId);
    }),

  undeliverable: () => runScenario((stage) => playOne(stage, [500, 500, 404], QUICK)),

  ...FIVE_ATTEMPTS_SCENARIOS,

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

  'deliveries-that-continue-as-new': () =>
    runScenario(async (stage) => {
      const posthorn = await stage.posthorn({ settings: { eventsPerRun: 15 } });
      await posthorn.call('PATCH', '/v1/project', { policy: QUICK });
      const receivers = [await stage.receiver([200]), await stage.receiver([500, 503, 200])];
      const { items } = await posthorn.call<{ items: Event[] }>('POST', '/v1/events/batch', {
        events: receivers.map(eventTo),
      });
      return firstRunOf(posthorn, await workflowOf(posthorn, items[0]!.id));
    }),

  recovery: () => runScenario((stage) => playRecovery(stage, 1, 50)),

  'recovery-that-continues-as-new': () =>
    runScenario(async (stage) => {
      const posthorn = await stage.posthorn({ settings: { jobStepsPerRun: 2 } });
      return firstRunOf(posthorn, await recoverAll(stage, posthorn, 7, 1));
    }),

  /** At this rate the workflow waits between its pages. */
  'recovery-in-pages': () => runScenario((stage) => playRecovery(stage, 7, 1)),

  /** The first fails, so the other two wait for it in Postgres, and so does its retry. */
  'ordered-line-whose-head-fails': () =>
    runScenario(async (stage) =>
      historyOfHeld(await stage.posthorn(), await stage.receiver([500, 200]), { ordered: true }),
    ),

  /** Each waits for its permit within the attempt, and the retry waits in Postgres. */
  'retry-at-a-limited-rate': () =>
    runScenario(async (stage) =>
      historyOfHeld(await stage.posthorn(), await stage.receiver([200, 503, 200]), {
        rate: { limit: 10, per: 'second' },
      }),
    ),

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
      await receiver.untilReceived(1);
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

/** Deliveries that have failed are sent again. Returns the history of the recovery. */
async function playRecovery(stage: ScenarioContext, count: number, rate: number): Promise<string> {
  const posthorn = await stage.posthorn();
  return historyWhenClosed(posthorn, await recoverAll(stage, posthorn, count, rate));
}

/** Releases three deliveries that were held together, so that they share a workflow. Returns its history. */
async function historyOfHeld(
  posthorn: TestPosthorn,
  receiver: { url: string },
  limits: { ordered: true } | { rate: Rate },
): Promise<string> {
  await posthorn.call('PATCH', '/v1/project', { policy: { delays: ['1h'], timeout: '1s' } });
  const { id } = await posthorn.newEndpoint(receiver.url, { secret: SECRET, ...limits });
  await posthorn.call('POST', `/v1/endpoints/${id}/pause`);
  const events = Array.from({ length: 3 }, () => ({ type: 'render.completed', data: CANARIES.data }));
  const { items } = await posthorn.call<{ items: Event[] }>('POST', '/v1/events/batch', { events });
  await posthorn.call('POST', `/v1/endpoints/${id}/resume`);
  return historyWhenClosed(posthorn, await workflowOf(posthorn, items[0]!.id));
}

/** Lets `count` deliveries fail, and starts their recovery. Returns the id of its workflow. */
async function recoverAll(
  stage: ScenarioContext,
  posthorn: TestPosthorn,
  count: number,
  rate: number,
): Promise<string> {
  await posthorn.call('PATCH', '/v1/project', { policy: { delays: [], timeout: '1s' } });
  const receiver = await stage.receiver([...Array.from({ length: count }, () => 500), 200]);
  await posthorn.newEndpoint(receiver.url, { secret: SECRET });
  const since = new Date(Date.now() - 60_000).toISOString();
  for (let n = 0; n < count; n += 1) {
    const { id } = await posthorn.post({ type: 'render.completed', data: CANARIES.data });
    await posthorn.untilSettled(id);
  }
  const { id } = await posthorn.call<{ id: string }>('POST', '/v1/recoveries', {
    what: 'failed',
    since,
    rate,
  });
  return `recover/${posthorn.project.id}/${id}/1`;
}

/** The history of the first run, once the last one has closed. */
async function firstRunOf({ temporal }: TestPosthorn, workflowId: string): Promise<string> {
  const last = temporal.workflow.getHandle(workflowId);
  await eventually(async () => (await last.describe()).status.name === 'COMPLETED');
  const { firstRunId } = (await last.describe()).raw.workflowExecutionInfo!;
  return historyJsonOf(temporal, workflowId, firstRunId!);
}
