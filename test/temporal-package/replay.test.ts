import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { bundleWorkflowCode, Worker, type WorkflowBundleWithSourceMap } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { posthornPlugin } from '../../packages/temporal/src/index.ts';
import { quietRuntime } from '../set-up/quiet-runtime.ts';
import { CLOSE_EVENTS, WORKFLOWS } from './package-worker.ts';
import { PACKAGE_SCENARIOS } from './scenarios.ts';

const FOLDER = path.join(import.meta.dirname, 'histories');
const NO_CLOSE_EVENTS = path.join(import.meta.dirname, 'workflows/no-close-events.ts');
const names = Object.keys(PACKAGE_SCENARIOS);
const withEvent = ['close-completed', 'close-failed', 'close-cancelled'];

/** The same workflows without the interceptor, with one that posts events, and with one that no longer does. */
let bundles: Record<'plain' | 'posting' | 'silent', WorkflowBundleWithSourceMap>;

const replay = (bundle: keyof typeof bundles, name: string): Promise<void> =>
  Worker.runReplayHistory(
    { workflowBundle: bundles[bundle] },
    JSON.parse(readFileSync(path.join(FOLDER, `${name}.json`), 'utf8')),
  );

beforeAll(async () => {
  quietRuntime();
  const client = { events: { send: neverCalled, get: neverCalled } };
  const bundle = (closeEvents: string | false) =>
    bundleWorkflowCode({
      workflowsPath: WORKFLOWS,
      plugins: [posthornPlugin({ client, closeEvents })],
      logger: { trace() {}, debug() {}, info() {}, log() {}, warn() {}, error() {} },
    });
  bundles = {
    plain: await bundle(false),
    posting: await bundle(CLOSE_EVENTS),
    silent: await bundle(NO_CLOSE_EVENTS),
  };
});

const neverCalled = (): Promise<never> => Promise.reject(new Error('a replay calls nothing'));

test('every scenario has a recorded history, and every history a scenario', () => {
  expect(readdirSync(FOLDER).toSorted()).toEqual(names.map((name) => `${name}.json`).toSorted());
});

test.each(names)('the recorded history "%s" replays with an interceptor that posts events', (name) =>
  replay('posting', name),
);

test.each(names)('the recorded history "%s" replays with an interceptor that no longer posts them', (name) =>
  replay('silent', name),
);

test.each(names.filter((name) => !withEvent.includes(name)))(
  'the recorded history "%s" replays without the interceptor',
  (name) => replay('plain', name),
);

test.each(withEvent)('the recorded history "%s" needs the interceptor', (name) =>
  expect(replay('plain', name)).rejects.toThrow(DeterminismViolationError),
);
