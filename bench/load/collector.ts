import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveCommands } from '../processes/remote-process.ts';

/* An OpenTelemetry collector that counts spans and stores none. */

export type CollectorCommands = {
  /** Returns its URL for POSTHORN_OTLP_URL. */
  listen(): Promise<string>;
  /** Spans received so far. */
  spans(): number;
};

let spans = 0;

/** Each span has this member once. Parsing the JSON would take CPU from what is measured. */
const MEMBER = '"spanId":';

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks);
    for (let at = body.indexOf(MEMBER); at >= 0; at = body.indexOf(MEMBER, at + MEMBER.length)) spans += 1;
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
});

const commands: CollectorCommands = {
  listen: () =>
    new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () =>
        resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
      );
    }),
  spans: () => spans,
};
serveCommands(commands);
