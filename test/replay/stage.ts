import { type ChildProcess, spawn } from 'node:child_process';
import type { ServerResponse } from 'node:http';
import path from 'node:path';
import { createLogger } from '../../src/observability/log.ts';
import { startService } from '../../src/service/start-service.ts';
import { type Receiver, type ScriptStep, startReceiver } from '../receivers/receiver.ts';
import { eventually } from '../set-up/eventually.ts';
import { startTestPosthorn, type TestPosthorn, type TestPosthornOptions } from '../set-up/test-posthorn.ts';
import { CANARIES } from './canaries.ts';

/** What a scenario can start. Everything is closed after the scenario. */
export type ScenarioContext = {
  posthorn(options?: TestPosthornOptions): Promise<TestPosthorn>;
  /** Its path, response header and response body are canaries that no history may contain. */
  receiver(script: ScriptStep[]): Promise<Receiver>;
  /** A worker in this process, on the same database and namespace. */
  worker(posthorn: TestPosthorn, databaseUrl?: string): Promise<void>;
  /** A worker in a process of its own, which a test can kill. */
  workerProcess(posthorn: TestPosthorn): ChildProcess;
};

export async function runScenario<T>(play: (stage: ScenarioContext) => Promise<T>): Promise<T> {
  const closers: (() => Promise<void>)[] = [];
  const log = createLogger({ level: 'silent', name: 'stage' });
  const stage: ScenarioContext = {
    async posthorn({ settings, ...options } = {}) {
      // The histories are those of workflows that make the first attempts, too.
      const posthorn = await startTestPosthorn({
        ...options,
        settings: { firstAttempt: 'workflow', ...settings },
      });
      closers.push(posthorn.close);
      return posthorn;
    },
    async receiver(script) {
      const receiver = await startReceiver(
        script.map((step) => (typeof step === 'number' ? respondWith(step) : step)),
      );
      closers.push(receiver.close);
      return { ...receiver, url: `${receiver.url}${CANARIES.path}` };
    },
    async worker({ config }, databaseUrl = config.databaseUrl) {
      const service = await startService({ ...config, databaseUrl }, { api: false, worker: true }, { log });
      closers.push(service.close);
      await service.connected;
    },
    workerProcess({ config }) {
      const child = spawn(
        process.execPath,
        [path.join(import.meta.dirname, '../../src/cli/program.ts'), 'worker'],
        {
          stdio: 'ignore',
          env: {
            ...process.env,
            DATABASE_URL: config.databaseUrl,
            TEMPORAL_ADDRESS: config.temporal.address,
            TEMPORAL_NAMESPACE: config.temporal.namespace,
            POSTHORN_ADMIN_KEY: config.adminKey,
            POSTHORN_ENCRYPTION_KEYS: config.encryptionKeys.map((key) => key.toString('base64')).join(),
            POSTHORN_ALLOW_TARGETS: config.allowTargets.join(),
          },
        },
      );
      closers.push(async () => {
        child.kill('SIGKILL');
        await eventually(() => child.exitCode !== null || child.signalCode !== null);
      });
      return child;
    },
  };
  try {
    return await play(stage);
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

export const respondWith =
  (status: number): ScriptStep =>
  (_request, response) =>
    respond(response, status);

export function respond(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'x-answer': CANARIES.responseHeader }).end(CANARIES.responseBody);
}
