import type { Event, TestPosthorn } from '../set-up/test-posthorn.ts';
import { runScenario, type ScenarioContext } from './stage.ts';
import { eventTo, historyWhenClosed, postOne, workflowOf } from './steps.ts';

/** As many attempts as the policy `default` has. */
const FIVE_ATTEMPTS = { delays: ['1s', '1s', '1s', '1s'], timeout: '1s' };

/** The docs count the actions of Temporal Cloud in these histories. */
export const FIVE_ATTEMPTS_SCENARIOS: Record<string, () => Promise<string>> = {
  'undeliverable-after-five-attempts': () =>
    runScenario(async (stage) => playOne(stage, await stage.posthorn())),

  'ten-undeliverable-after-five-attempts': () =>
    runScenario(async (stage) => {
      const posthorn = await stage.posthorn();
      await posthorn.call('PATCH', '/v1/project', { policy: FIVE_ATTEMPTS });
      const events = Array(10).fill(eventTo(await stage.receiver([500])));
      const { items } = await posthorn.call<{ items: Event[] }>('POST', '/v1/events/batch', { events });
      return historyWhenClosed(posthorn, await workflowOf(posthorn, items[0]!.id));
    }),

  /** The process makes the first attempt, and a workflow the others. */
  'undeliverable-after-an-express-attempt': () =>
    runScenario(async (stage) => {
      const posthorn = await stage.posthorn({ settings: { firstAttempt: 'express' } });
      return playOne(stage, posthorn);
    }),
};

async function playOne(stage: ScenarioContext, posthorn: TestPosthorn): Promise<string> {
  await posthorn.call('PATCH', '/v1/project', { policy: FIVE_ATTEMPTS });
  const { workflowId } = await postOne(posthorn, await stage.receiver([500]));
  return historyWhenClosed(posthorn, workflowId);
}
