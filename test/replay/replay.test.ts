import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { bundleWorkflowCode, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { quietRuntime } from '../set-up/quiet-runtime.ts';
import { SCENARIOS } from './scenarios.ts';

const FOLDER = path.join(__dirname, 'histories');
const names = Object.keys(SCENARIOS);
const recorded = (name: string): unknown =>
  JSON.parse(readFileSync(path.join(FOLDER, `${name}.json`), 'utf8'));

type RecordedHistory = {
  events: { workflowExecutionStartedEventAttributes: { input: { payloads: { data: string }[] } } }[];
};

type Bundle = Awaited<ReturnType<typeof bundleWorkflowCode>>;
let current: Bundle;
let changed: Bundle;

beforeAll(async () => {
  quietRuntime();
  const logger = { trace() {}, debug() {}, info() {}, log() {}, warn() {}, error() {} };
  const bundle = (folder: string) =>
    bundleWorkflowCode({ workflowsPath: path.join(__dirname, folder, 'index.ts'), logger });
  current = await bundle('../../workflows');
  changed = await bundle('changed');
});

test('every scenario has a recorded history, and every history a scenario', () => {
  expect(readdirSync(FOLDER).sort()).toEqual(names.map((name) => `${name}.json`).sort());
});

test.each(names)('the recorded history "%s" replays with the current workflow', async (name) => {
  await Worker.runReplayHistory({ workflowBundle: current }, recorded(name));
});

test('a workflow that grew beyond the bound before it was bounded replays, and does not continue as new', async () => {
  const history = recorded('group-that-fails-at-different-steps') as RecordedHistory;
  const [input] = history.events[0]!.workflowExecutionStartedEventAttributes.input.payloads;
  const decoded = JSON.parse(Buffer.from(input!.data, 'base64').toString());
  input!.data = Buffer.from(JSON.stringify({ ...decoded, eventsPerRun: 5 })).toString('base64');

  await Worker.runReplayHistory({ workflowBundle: current }, history);
});

test.each(names)(
  'the recorded history "%s" does not replay with a workflow that waits differently',
  async (name) => {
    await expect(Worker.runReplayHistory({ workflowBundle: changed }, recorded(name))).rejects.toThrow(
      DeterminismViolationError,
    );
  },
);
