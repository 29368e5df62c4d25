import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { serveCommands } from '../processes/remote-process.ts';

/* The engine without Posthorn: a worker and a closed loop of starters, on the same server, tuned as ours are. */

export type EngineCommands = {
  /** Starts workflows for `seconds` in `starters` concurrent loops, and counts the completed ones. */
  run(address: string, starters: number, seconds: number): Promise<{ completed: number; perSecond: number }>;
};

const TASK_QUEUE = 'bench-empty';
const silent = { trace() {}, debug() {}, info() {}, log() {}, warn() {}, error() {} };

const commands: EngineCommands = {
  async run(address, starters, seconds) {
    const connection = await NativeConnection.connect({ address });
    const worker = await Worker.create({
      connection,
      taskQueue: TASK_QUEUE,
      workflowsPath: join(import.meta.dirname, 'empty-workflow.ts'),
      activities: { nothing: async () => {} },
      maxConcurrentWorkflowTaskExecutions: 200,
      workflowTaskPollerBehavior: { type: 'simple-maximum', maximum: 10 },
      maxConcurrentActivityTaskExecutions: 400,
      maxCachedWorkflows: 1_000,
    });
    const client = new Client({ connection });
    const result = await worker.runUntil(() => closedLoop(client, starters, seconds));
    await connection.close();
    return result;
  },
};

async function closedLoop(client: Client, starters: number, seconds: number) {
  let completed = 0;
  const startedAt = performance.now();
  const until = startedAt + seconds * 1_000;
  const starter = async (): Promise<void> => {
    while (performance.now() < until) {
      await client.workflow.execute('empty', {
        taskQueue: TASK_QUEUE,
        workflowId: `bench/${randomUUID()}`,
        requestEagerStart: true,
      });
      completed += 1;
    }
  };
  await Promise.all(Array.from({ length: starters }, starter));
  return { completed, perSecond: (completed * 1_000) / (performance.now() - startedAt) };
}

Runtime.install({ logger: silent, telemetryOptions: { logging: { filter: 'ERROR', forward: {} } } });
serveCommands(commands);
