import { createLogger } from '../../../src/observability/log.ts';
import { createSdkLogger } from '../../../src/temporal/sdk-logger.ts';
import { eventually } from '../../set-up/eventually.ts';

/** As the SDK's core says it. */
const MESSAGE = 'Failing workflow due to nondeterminism error';
const META = {
  sdkComponent: 'core',
  failure:
    'Failure { failure: Some(Failure { message: "[TMPRL1100] Nondeterminism error: Timer machine does not handle this event: HistoryEvent(id: 5, ActivityTaskScheduled)", source: "" }) }',
};

function capture(togetherMs?: number) {
  const lines: string[] = [];
  const log = createLogger({ level: 'info', name: 'test' }, { write: (line) => void lines.push(line) });
  return { sdk: createSdkLogger(log, togetherMs), told: () => lines.map((line) => JSON.parse(line)) };
}

test('a workflow that does not fit its history is told of at level error, with the reason and nothing else', () => {
  const { sdk, told } = capture();
  sdk.log('WARN', MESSAGE, META as never);
  expect(told()).toEqual([
    expect.objectContaining({
      level: 'error',
      count: 1,
      reason:
        '[TMPRL1100] Nondeterminism error: Timer machine does not handle this event: HistoryEvent(id: 5, ActivityTaskScheduled)',
    }),
  ]);
  expect(JSON.stringify(told())).not.toContain('source');
});

test('of many there is one line at once, and one for those that followed', async () => {
  const { sdk, told } = capture(50);
  for (let n = 0; n < 1_000; n++) sdk.log('WARN', MESSAGE, META as never);
  await eventually(() => told().length === 2);
  expect(told().map(({ count }) => count)).toEqual([1, 999]);
});

test('what else the SDK says is not written', () => {
  const { sdk, told } = capture();
  sdk.log('WARN', 'gRPC call poll_workflow_task_queue retried 10 times', META as never);
  sdk.log('INFO', MESSAGE, META as never);
  expect(told()).toEqual([]);
});
