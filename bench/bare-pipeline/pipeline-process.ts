import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { serveCommands } from '../processes/remote-process.ts';
import { groupWrites } from './grouped-writes.ts';
import { deliveryNumber, openStore, type PipelineStore, type StoredEvent } from './pipeline-store.ts';
import { openTargets, type Target } from './signed-post.ts';

/*
 * The bare pipeline: the least that a sender must do that responds 202 after the commit and records every attempt. An
 * event is read, committed with its deliveries, signed and posted to each target, and each outcome is committed. There
 * is no validation, no tenant, no retry and no check of targets.
 */

export type PipelineOptions = { databaseUrl: string; origin: string; paths: string[] };

export type PipelineCommands = {
  /** Creates empty tables and listens. Returns the URL. */
  start(options: PipelineOptions): Promise<string>;
  /** Records what is open, and removes the tables. */
  stop(): Promise<void>;
};

/** While this many deliveries are open, no events are stored, so memory stays bounded. */
const MAX_OPEN_DELIVERIES = 1_000;
const POLL_INTERVAL_MS = 10;

type Pipeline = { url: string; stop(): Promise<void> };

async function startPipeline({ databaseUrl, origin, paths }: PipelineOptions): Promise<Pipeline> {
  const store = await openStore(databaseUrl, paths.length);
  const { targets, close } = openTargets(origin, paths);
  const { accept, openDeliveries } = acceptor(store, targets);
  const server = createServer((request, response) => {
    readBody(request)
      .then(accept)
      .then(
        () => respond(response, 202),
        () => respond(response, 500),
      );
  });
  return {
    url: await listen(server),
    async stop() {
      server.close();
      server.closeAllConnections();
      while (openDeliveries() > 0) await sleep(POLL_INTERVAL_MS);
      await close();
      await store.close();
    },
  };
}

/** `accept` resolves when the event is committed. It is delivered after that. */
function acceptor(store: PipelineStore, targets: Target[]) {
  let events = 0;
  let open = 0;
  let onRoom = (): void => {};
  const record = groupWrites(store.record);
  const insert = groupWrites(async (group: StoredEvent[]) => {
    if (open >= MAX_OPEN_DELIVERIES) await new Promise<void>((resolve) => (onRoom = resolve));
    await store.insert(group);
    open += group.length * targets.length;
    for (const event of group) targets.forEach((target, index) => void deliver(event, target, index));
  });

  async function deliver(event: StoredEvent, target: Target, index: number): Promise<void> {
    const status = await target.post(event.id, event.body);
    await record({ delivery: deliveryNumber(event, targets.length, index), status });
    open -= 1;
    if (open < MAX_OPEN_DELIVERIES) onRoom();
  }

  async function accept(body: Buffer): Promise<void> {
    const { id } = JSON.parse(body.toString()) as { id: string };
    await insert({ number: ++events, id, body });
  }

  return { accept, openDeliveries: () => open };
}

const readBody = (request: IncomingMessage): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
    request.on('error', reject);
  });

const respond = (response: ServerResponse, status: number): void => {
  response.writeHead(status, { 'content-length': '0' }).end();
};

const listen = (server: Server): Promise<string> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    );
  });

let running: Pipeline;
const commands: PipelineCommands = {
  async start(options) {
    running = await startPipeline(options);
    return running.url;
  },
  stop: () => running.stop(),
};
serveCommands(commands);
