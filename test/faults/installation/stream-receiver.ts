import { setTimeout as sleep } from 'node:timers/promises';
import { startReceiver } from '../../receivers/receiver.ts';
import { type AnsweredRequest, answeredRequest } from './ledger.ts';

export type StreamReceiver = {
  origin: string;
  /** The requests in order of arrival, each with its response. */
  receivedRequests: AnsweredRequest[];
  /** How many deliveries to paths that recover have arrived at least once. */
  arrived(): number;
  /** Responds to nothing until the returned function is called. */
  hold(): () => void;
  close(): Promise<void>;
};

/** Long enough that some requests are in flight at any moment of a stream. */
const THINKS_FOR_MS = 20;

/**
 * Answers by the path: `/steady/…` with 200; `/flaky/…` the first request of each event with 500, the others with
 * 200; `/dead/…` with 500.
 */
export async function startStreamReceiver(): Promise<StreamReceiver> {
  const receivedRequests: AnsweredRequest[] = [];
  const seen = new Set<string>();
  let arrived = 0;
  let responding = Promise.resolve();
  const receiver = await startReceiver([
    async (request, response) => {
      const key = `${request.headers['webhook-id']} ${request.path}`;
      const status = statusFor(request.path, !seen.has(key));
      if (!seen.has(key) && !isDead(request.path)) arrived += 1;
      seen.add(key);
      receivedRequests.push(answeredRequest(origin, request, status));
      await sleep(THINKS_FOR_MS);
      await responding;
      response.writeHead(status).end();
    },
  ]);
  const origin = receiver.url.replace(/\/$/, '');
  return {
    origin,
    receivedRequests,
    arrived: () => arrived,
    hold() {
      const { promise, resolve } = Promise.withResolvers<void>();
      responding = promise;
      return resolve;
    },
    close: receiver.close,
  };
}

export const isDead = (path: string): boolean => path.startsWith('/dead/');

function statusFor(path: string, isFirst: boolean): number {
  if (isDead(path)) return 500;
  return path.startsWith('/flaky/') && isFirst ? 500 : 200;
}
