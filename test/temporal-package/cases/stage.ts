import { randomUUID } from 'node:crypto';
import type { WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';
import { createNexusEndpoint } from '../nexus-endpoint.ts';
import { CLOSE_EVENTS, type PackageWorker, startPackageWorker } from '../package-worker.ts';

/** What happens instead of a call of the API. It may make the call, at the same URL or another one. */
export type Fault = (call: (url?: string) => Promise<Response>) => Promise<Response>;

/** A call of the API by an activity, as it was made, and the status of the API's response. */
export type ApiCall = { at: number; url: string; body: { id?: string }; status?: number };

export let posthorn: TestPosthorn;
/** The receiver of the consumer `ada`. */
export let ada: Receiver;
/** The name of the Nexus endpoint that leads to the worker. */
export let nexusEndpoint: string;
export const calls: ApiCall[] = [];
export const faults: Fault[] = [];
let worker: PackageWorker;

const watchedFetch: typeof fetch = (url, init) => {
  const made: ApiCall = {
    at: performance.now(),
    url: String(url),
    body: JSON.parse(String(init?.body ?? '{}')),
  };
  calls.push(made);
  const call = async (target = made.url) => {
    const response = await fetch(target, init);
    made.status = response.status;
    return response;
  };
  return faults.shift()?.(call) ?? call();
};

/** Starts one Posthorn and one worker for all cases. Each event is delivered in at most two attempts, 1 s apart. */
export function startStage(): void {
  beforeAll(async () => {
    posthorn = await startTestPosthorn();
    await posthorn.call('PATCH', '/v1/project', { policy: { delays: ['1s'], timeout: '30s' } });
    ada = await startReceiver();
    await posthorn.newEndpoint(ada.url, { consumer: 'ada' });
    worker = await startPackageWorker(posthorn, { fetch: watchedFetch, closeEvents: CLOSE_EVENTS });
    nexusEndpoint = await createNexusEndpoint(posthorn, worker.taskQueue);
  }, 300_000);
  beforeEach(() => {
    calls.length = 0;
    faults.length = 0;
  });
  afterAll(async () => {
    await worker.close();
    await ada.close();
    await posthorn.close();
  });
}

export const startWorkflow = (
  type: string,
  ...args: unknown[]
): Promise<WorkflowHandleWithFirstExecutionRunId> =>
  posthorn.temporal.workflow.start(type, {
    taskQueue: worker.taskQueue,
    workflowId: `${type}-${randomUUID()}`,
    args,
  });

/** The error that a workflow's result rejects with. */
export const errorOf = <E>(result: Promise<unknown>): Promise<E> =>
  result.then(
    () => Promise.reject(new Error('the workflow completed')),
    (error: E) => error,
  );

/** A response of the API that it did not give. */
export const refusal = (status: number, code: string, retryAfter?: number): Response =>
  new Response(JSON.stringify({ code, status, detail: 'Later.' }), {
    status,
    headers: {
      'content-type': 'application/problem+json',
      ...(retryAfter !== undefined && { 'retry-after': String(retryAfter) }),
    },
  });

/** The API stores the event, and its response is lost. */
export const loseResponse: Fault = async (call) => {
  await call();
  return refusal(503, 'unexpected_response', 1);
};
