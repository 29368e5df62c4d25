import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PROVIDERS } from '../providers/providers.ts';
import { canariesIn } from './canaries.ts';
import { expectTimersAsRecorded } from './expect-timers.ts';
import { type HistoryFacts, parseHistoryFacts } from './history.ts';
import { SCENARIOS } from './scenarios.ts';

/**
 * Scenarios that are not run by this test because they are slow, or wait for what is left of a time: test/faults covers lost
 * workers and outages, test/integration/recoveries pages, test/providers the policies of the providers, and the project
 * `express` first attempts without a workflow.
 */
const NOT_RUN =
  /^(rerun-after-a-lost-worker|recovery-in-pages|recovery-that-continues-as-new|recorded-late|policy-of-.*|.*-after-five-attempts|.*-after-an-express-attempt)$/;
const names = Object.keys(SCENARIOS).filter((name) => !NOT_RUN.test(name));

const recorded = (name: string): string =>
  readFileSync(path.join(__dirname, 'histories', `${name}.json`), 'utf8');

/** The facts of a history, without the ids that differ in each run. */
const facts = (json: string): HistoryFacts =>
  JSON.parse(JSON.stringify(parseHistoryFacts(json)).replaceAll(/(dlv|rec|prj|ep)_\w+/g, '$1'));

// Replay does not detect changed arguments, options, summaries, durations and messages, so this test compares them.
test.each(names)(
  'a new run of "%s" matches its recorded history and contains no tenant data',
  async (name) => {
    const history = await SCENARIOS[name]!();

    const { timers, ...others } = facts(history);
    const { timers: recordedTimers, ...recordedOthers } = facts(recorded(name));
    expect(others).toEqual(recordedOthers);
    expectTimersAsRecorded(timers, recordedTimers);
    expect(canariesIn(history)).toEqual([]);
  },
);

test.each(Object.keys(SCENARIOS))('the recorded history "%s" contains no tenant data', (name) => {
  expect(canariesIn(recorded(name))).toEqual([]);
});

test('activities have the task queues, timeouts and retry policies that delivery relies on', () => {
  const retryPolicy = { initialInterval: '1s', backoffCoefficient: 2, maximumInterval: '5s' };
  const options = { name: 'attemptDeliveries', startToClose: '16s', heartbeat: '10s', retryPolicy };

  expect(facts(recorded('delivered-on-attempt-3'))).toEqual({
    input: {
      policy: { delays: [1, 2], timeout: 1, jitter: 0 },
      deliveries: [{ id: 'dlv', step: 0 }],
      lane: 'fast',
      useSearchAttributes: true,
    },
    summary: 'render.completed → 1 endpoint',
    timers: [
      { after: '1s', summary: 'retry in 1s after 500' },
      { after: '2s', summary: 'retry in 2s after 503' },
    ],
    activities: [
      { ...options, taskQueue: 'posthorn', input: [[{ id: 'dlv', step: 0 }]], summary: 'attempt 1 of 3' },
      {
        ...options,
        taskQueue: 'posthorn-slow',
        input: [[{ id: 'dlv', step: 1 }]],
        summary: 'attempt 2 of 3',
      },
      {
        ...options,
        taskQueue: 'posthorn-slow',
        input: [[{ id: 'dlv', step: 2 }]],
        summary: 'attempt 3 of 3',
      },
    ],
    activityAttempts: [1, 1, 1],
    signals: [],
    upserted: { PosthornState: ['retrying'] },
    end: {
      status: 'completed',
      result: { delivered: 1, undeliverable: 0, cancelled: 0, released: 0 },
    },
  });
});

test('a workflow with an undeliverable delivery fails with the type Undeliverable and only counts as details', () => {
  expect(parseHistoryFacts(recorded('group-that-fails-at-different-steps')).end).toEqual({
    status: 'failed',
    failure: {
      type: 'Undeliverable',
      message: '1 of 4 undeliverable',
      details: { delivered: 3, undeliverable: 1, cancelled: 0, released: 0 },
    },
  });
});

test.each(PROVIDERS)(
  'the recorded workflow of $name has the policy of the provider and waited by it',
  ({ name, profile }) => {
    const { input, timers, activities, end } = parseHistoryFacts(recorded(`policy-of-${name}`));

    expect(input).toMatchObject({ policy: profile.policy });
    expect(timers.map(({ after }) => after)).toEqual(profile.policy.delays.map((delay) => `${delay}s`));
    expect(activities).toHaveLength(timers.length + 1);
    expect(end.failure).toMatchObject({ type: 'Undeliverable', message: '1 of 1 undeliverable' });
  },
);

test('the deliveries of an ordered endpoint are attempted in one activity, and what follows a failure is released', () => {
  const { input, activities, timers, end } = parseHistoryFacts(recorded('ordered-line-whose-head-fails'));

  expect(input).toMatchObject({ lane: 'restricted' });
  expect((input as { deliveries: object[] }).deliveries).toEqual(
    Array(3).fill(expect.objectContaining({ step: 0, orderedFor: expect.stringMatching(/^ep_/) })),
  );
  expect(activities).toMatchObject([{ taskQueue: 'posthorn-slow', summary: 'attempt 1 of 2, 3 deliveries' }]);
  expect(timers).toEqual([]);
  expect(end).toMatchObject({ status: 'completed', result: { delivered: 0, released: 3 } });
});

test('a retry at an endpoint with a rate is released, and its workflow ends', () => {
  const { activities, timers, end } = parseHistoryFacts(recorded('retry-at-a-limited-rate'));

  expect(activities).toMatchObject([{ taskQueue: 'posthorn-slow', summary: 'attempt 1 of 2, 3 deliveries' }]);
  expect(timers).toEqual([]);
  expect(end).toMatchObject({ status: 'completed', result: { delivered: 2, released: 1 } });
});

test('a workflow whose history has grown long continues as new', () => {
  const { activities, timers, end } = parseHistoryFacts(recorded('deliveries-that-continue-as-new'));

  expect(activities).toMatchObject([{ summary: 'attempt 1 of 3, 2 deliveries' }]);
  expect(timers).toMatchObject([{ after: '1s' }]);
  expect(end).toEqual({ status: 'continued_as_new' });
});

test('after a worker was lost, its activity ran again', () => {
  expect(parseHistoryFacts(recorded('rerun-after-a-lost-worker')).activityAttempts).toEqual([2]);
});

test('outcomes that could not be recorded pass through Temporal as codes and are recorded later', () => {
  const late = parseHistoryFacts(recorded('recorded-late')).activities[1]!;

  expect(late).toMatchObject({ name: 'recordOutcomes', summary: 'record outcomes' });
  expect(Object.keys((late.input[0] as object[])[0]!).sort()).toEqual(
    ['delayMs', 'durationMs', 'epoch', 'id', 'outcome', 'resent', 'startedAt', 'statusCode'].sort(),
  );
});
