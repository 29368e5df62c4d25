import { createLogger } from '../../../src/observability/log.ts';
import { createSdkLogger } from '../../../src/temporal/sdk-logger.ts';
import { eventually } from '../../set-up/eventually.ts';

/** The message of the SDK's core. */
const MESSAGE = 'Failing workflow due to nondeterminism error';
const META = {
  sdkComponent: 'core',
  failure:
    'Failure { failure: Some(Failure { message: "[TMPRL1100] Nondeterminism error: Timer machine does not handle this event: HistoryEvent(id: 5, ActivityTaskScheduled)", source: "" }) }',
};

function capture(summaryWindowMs?: number) {
  const lines: string[] = [];
  const log = createLogger({ level: 'info', name: 'test' }, { write: (line) => void lines.push(line) });
  return { sdk: createSdkLogger(log, summaryWindowMs), entries: () => lines.map((line) => JSON.parse(line)) };
}

test('a workflow whose history does not match the code is logged at level error, with the reason and nothing else', () => {
  const { sdk, entries } = capture();
  sdk.log('WARN', MESSAGE, META as never);
  expect(entries()).toEqual([
    expect.objectContaining({
      level: 'error',
      count: 1,
      reason:
        '[TMPRL1100] Nondeterminism error: Timer machine does not handle this event: HistoryEvent(id: 5, ActivityTaskScheduled)',
    }),
  ]);
  expect(JSON.stringify(entries())).not.toContain('source');
});

test('of many failures, the first is logged immediately and the rest in one line', async () => {
  const { sdk, entries } = capture(50);
  for (let n = 0; n < 1_000; n++) sdk.log('WARN', MESSAGE, META as never);
  await eventually(() => entries().length === 2);
  expect(entries().map(({ count }) => count)).toEqual([1, 999]);
});

test('all other messages of the SDK are dropped', () => {
  const { sdk, entries } = capture();
  sdk.log('WARN', 'gRPC call poll_workflow_task_queue retried 10 times', META as never);
  sdk.log('INFO', MESSAGE, META as never);
  expect(entries()).toEqual([]);
});
