import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { nowMicros } from '../clock.ts';
import { serveCommands } from '../processes/remote-process.ts';
import { publishedAtFromId } from './event-ids.ts';

/*
 * Two receivers. One responds 204 at once and records arrivals by path. The other never responds; it has its own port,
 * because connections are pooled by origin.
 */

/** Time of publication, and the time until the arrival, in microseconds. */
export type Arrival = [publishedAt: number, took: number];

export type ArrivalCounts = {
  arrived: number;
  duplicates: number;
  lastArrivalAt: number;
  silentPosts: number;
};

export type ReceiverCommands = {
  /** Returns the origins of both receivers. */
  listen(): Promise<{ healthy: string; silent: string }>;
  /** Deletes all arrivals, and ignores arrivals of other runs from now on. */
  reset(run: string): void;
  /** Distinct deliveries and duplicates of the run, the time of the last new one, and POSTs to the silent receiver. */
  count(): ArrivalCounts;
  arrivals(): Arrival[];
  /** The ids that are missing on any of the paths `/0` to `/<endpoints - 1>`. */
  missing(ids: string[], endpoints: number): string[];
};

let run = '';
let arrivals: Arrival[] = [];
const seen = new Set<string>();
let duplicates = 0;
let lastArrivalAt = 0;
let silentPosts = 0;

const healthy = createServer((request, response) => {
  request.resume();
  request.on('end', () => {
    recordArrival(String(request.headers['webhook-id']), request.url!);
    response.writeHead(204).end();
  });
});
healthy.keepAliveTimeout = 60_000;

const silent = createServer((request) => {
  request.resume();
  silentPosts += 1;
});
silent.requestTimeout = 0;

function recordArrival(id: string, path: string): void {
  if (!id.startsWith(`${run}-`)) return;
  const key = `${path} ${id}`;
  if (seen.has(key)) {
    duplicates += 1;
    return;
  }
  seen.add(key);
  lastArrivalAt = nowMicros();
  const publishedAt = publishedAtFromId(id);
  arrivals.push([publishedAt, lastArrivalAt - publishedAt]);
}

const listenOn = (server: Server): Promise<string> =>
  new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () =>
      resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    );
  });

const commands: ReceiverCommands = {
  listen: async () => ({ healthy: await listenOn(healthy), silent: await listenOn(silent) }),
  reset(newRun) {
    run = newRun;
    arrivals = [];
    seen.clear();
    duplicates = 0;
    silentPosts = 0;
  },
  count: () => ({ arrived: arrivals.length, duplicates, lastArrivalAt, silentPosts }),
  arrivals: () => arrivals,
  missing: (ids, endpoints) =>
    ids.filter((id) => {
      for (let n = 0; n < endpoints; n++) if (!seen.has(`/${n} ${id}`)) return true;
      return false;
    }),
};
serveCommands(commands);
