import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { nowMicros } from './clock.ts';
import { publishedAtOf } from './event-ids.ts';
import { answer } from './remote.ts';

/*
 * The receiver. Under /healthy/<n> it answers 204 at once and notes each arrival; under /silent it never answers.
 */

/** An arrival: when the event was published, and how long it then took, in microseconds. */
export type Arrival = [publishedAt: number, took: number];

export type ReceiverCommands = {
  /** The base of its addresses. */
  listen(): Promise<string>;
  /** Forgets what has arrived. */
  reset(): void;
  /** Requests to /healthy since the reset, those that came again, and the microsecond of the last. */
  count(): { arrived: number; repeated: number; lastAt: number; silent: number };
  arrivals(): Arrival[];
  /** Those of `ids` that did not arrive at each of `/healthy/0` to `/healthy/<endpoints - 1>`. */
  missing(ids: string[], endpoints: number): string[];
};

let arrivals: Arrival[] = [];
const seen = new Set<string>();
let repeated = 0;
let lastAt = 0;
let silent = 0;

const server = createServer((request, response) => {
  request.resume();
  if (request.url === '/silent') {
    silent += 1;
    return;
  }
  request.on('end', () => {
    const id = String(request.headers['webhook-id']);
    const key = `${request.url} ${id}`;
    if (seen.has(key)) repeated += 1;
    seen.add(key);
    lastAt = nowMicros();
    const publishedAt = publishedAtOf(id);
    arrivals.push([publishedAt, lastAt - publishedAt]);
    response.writeHead(204).end();
  });
});
server.keepAliveTimeout = 60_000;
server.requestTimeout = 0;

const commands: ReceiverCommands = {
  listen: () =>
    new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () =>
        resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
      );
    }),
  reset() {
    arrivals = [];
    seen.clear();
    repeated = 0;
    silent = 0;
  },
  count: () => ({ arrived: arrivals.length, repeated, lastAt, silent }),
  arrivals: () => arrivals,
  missing: (ids, endpoints) =>
    ids.filter((id) => {
      for (let n = 0; n < endpoints; n++) if (!seen.has(`/healthy/${n} ${id}`)) return true;
      return false;
    }),
};
answer(commands);
