import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  accepts,
  type ReceivedRequest,
  type ReferenceVerifier,
} from './reference-verifiers/reference-verifier.ts';
import { TryFailure } from './try-failure.ts';

export type RecordedRequest = {
  /** As they were sent, in their order. */
  headers: [name: string, value: string][];
  body: Buffer;
  verified: boolean;
  responseStatus: number;
};

export type TrialReceiver = {
  url: string;
  /** Verifies requests with this secret from now on. */
  verifyWith(secret: string): void;
  /** Responds with this status from now on, even if the signature is valid. */
  failWith(status: number): void;
  /** Takes the next request; undefined if none arrives in time. Throws a TryFailure when interrupted. */
  next(timeoutMs: number): Promise<RecordedRequest | undefined>;
  close(): Promise<void>;
};

/** A receiver on loopback that verifies as the provider's page describes, and responds 200 or 401. */
export async function startTrialReceiver(
  receiver: ReferenceVerifier,
  interrupted: AbortSignal,
): Promise<TrialReceiver> {
  const path = `/webhooks/${randomBytes(12).toString('hex')}`; // rejects senders that do not know the path
  const requests: RecordedRequest[] = [];
  let wake = () => {};
  let secret = '';
  let failure: number | null = null;

  const server = createServer(async (message, response) => {
    const body = await bodyOf(message).catch(() => null);
    if (body === null) return void response.destroy();
    if (message.method !== 'POST' || message.url !== path) return void response.writeHead(404).end();
    const verified = accepts(receiver, requestOf(message, body), secret);
    const responseStatus = failure ?? (verified ? 200 : 401);
    response.writeHead(responseStatus).end();
    requests.push({ headers: pairsOf(message.rawHeaders), body, verified, responseStatus });
    wake();
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;

  return {
    url: `http://127.0.0.1:${port}${path}`,
    verifyWith(newSecret) {
      secret = newSecret;
    },
    failWith(status) {
      failure = status;
    },
    async next(timeoutMs) {
      const timeUp = AbortSignal.timeout(timeoutMs);
      while (requests.length === 0 && !timeUp.aborted) {
        if (interrupted.aborted) throw new TryFailure('Interrupted.');
        await new Promise<void>((resolve) => {
          wake = resolve;
          for (const signal of [timeUp, interrupted]) {
            signal.addEventListener('abort', () => resolve(), { once: true });
          }
        });
      }
      return requests.shift();
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function requestOf({ headers }: IncomingMessage, body: Buffer): ReceivedRequest {
  const texts = Object.entries(headers).map(([name, value]) => [name, String(value)]);
  return { headers: Object.fromEntries(texts), body };
}

const pairsOf = (rawHeaders: string[]): [string, string][] =>
  Array.from({ length: rawHeaders.length / 2 }, (_, i) => [rawHeaders[2 * i]!, rawHeaders[2 * i + 1]!]);
