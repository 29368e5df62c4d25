import { randomUUID } from 'node:crypto';
import { startReceiver } from '../receivers/receiver.ts';
import { historyJsonOf } from '../replay/history.ts';
import { startTestPosthorn, type TestPosthorn } from '../set-up/test-posthorn.ts';
import { CLOSE_EVENTS, type PackageWorkerOptions, startPackageWorker } from './package-worker.ts';

/** Each scenario runs one path through the package's workflow code on real servers and returns the history as JSON. */
export const PACKAGE_SCENARIOS: Record<string, () => Promise<string>> = {
  'deliver-at-once': () => play('posthornDeliver', [{ type: 'order.paid', data: null }]),

  'deliver-undeliverable': () =>
    play('posthornDeliver', [{ type: 'order.paid', data: null }], { status: 500, policy: FIVE_ATTEMPTS }),

  'close-completed': () => play('orderPaid', [42], { closeEvents: CLOSE_EVENTS }),

  'close-failed': () => play('orderRefused', ['no'], { closeEvents: CLOSE_EVENTS }),

  'close-cancelled': () => play('orderWaiting', [], { closeEvents: CLOSE_EVENTS, cancel: true }),

  /** A workflow of a worker without the interceptor. */
  'close-without-interceptor': () => play('orderPaid', [42]),
};

/** As many attempts as the policy `default` has. The first retry comes after the 20 s that a post waits. */
const FIVE_ATTEMPTS = { delays: ['25s', '40s', '60s', '90s'], timeout: '1s' };

type Play = PackageWorkerOptions & { status?: number; policy?: object; cancel?: boolean };

async function play(
  type: string,
  args: unknown[],
  { status = 200, policy, cancel, ...options }: Play = {},
): Promise<string> {
  const posthorn: TestPosthorn = await startTestPosthorn();
  const receiver = await startReceiver([status]);
  const worker = await startPackageWorker(posthorn, options);
  try {
    if (policy) await posthorn.call('PATCH', '/v1/project', { policy });
    await posthorn.newEndpoint(receiver.url);
    const { taskQueue } = worker;
    const handle = await posthorn.temporal.workflow.start(type, {
      taskQueue,
      workflowId: randomUUID(),
      args,
    });
    if (cancel) await handle.cancel();
    await handle.result().catch(() => undefined);
    return await historyJsonOf(posthorn.temporal, handle.workflowId);
  } finally {
    await worker.close();
    await receiver.close();
    await posthorn.close();
  }
}
