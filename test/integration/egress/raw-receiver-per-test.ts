import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createAddressGuard } from '../../../src/egress/addresses/address-guard.ts';
import {
  createOutbound,
  type Outbound,
  type OutboundRequest,
  type OutboundResult,
} from '../../../src/egress/outbound.ts';
import { eventually } from '../../set-up/eventually.ts';

/** A request that the receiver reads: its `x-id` header, and its number on the connection, starting at 1. */
export type RawRequest = { socket: Socket; id: string; turn: number };

export type RawReceiverRules = {
  onConnection?: (socket: Socket) => void;
  /** Called after each request head. */
  onHead?: (request: RawRequest) => void;
  /** Called after each request body. */
  onWhole?: (request: RawRequest) => void;
};

export type RawReceiverPerTest = {
  start(rules: RawReceiverRules): Promise<void>;
  /** Posts a request with this `x-id` to the receiver. */
  post(id: string, overrides?: Partial<OutboundRequest>): Promise<OutboundResult>;
  /** Resolves when no connection is in use. */
  untilIdle(): Promise<void>;
  sockets: Set<Socket>;
  /** Connections accepted in this test. */
  accepted(): number;
  outbound(): Outbound;
};

/** For each test an HTTP client, and a TCP server that writes raw responses as its rules say. */
export function rawReceiverPerTest(): RawReceiverPerTest {
  const sockets = new Set<Socket>();
  let outbound: Outbound;
  let server: Server;
  let accepted = 0;

  beforeEach(() => {
    accepted = 0;
    outbound = createOutbound({ guard: createAddressGuard(['127.0.0.0/8']) });
  });
  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
    await new Promise((resolve) => server.close(resolve));
    await outbound.close();
  });

  async function start(rules: RawReceiverRules): Promise<void> {
    server = createServer({ noDelay: true }, (socket) => {
      accepted++;
      sockets.add(socket);
      socket.on('error', () => {});
      rules.onConnection?.(socket);
      readRequests(socket, rules);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  }

  return {
    start,
    post: (id, overrides = {}) =>
      outbound.post({
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
        headers: { 'x-id': id },
        body: Buffer.from('{}'),
        timeoutMs: 10_000,
        startBy: performance.now() + 10_000,
        projectId: 'project',
        poolKey: 'receiver',
        ...overrides,
      }),
    untilIdle: () => eventually(() => outbound.stats().idle === outbound.stats().connections),
    sockets,
    accepted: () => accepted,
    outbound: () => outbound,
  };
}

function readRequests(socket: Socket, rules: RawReceiverRules): void {
  let [unread, turn, remaining]: [Buffer, number, number] = [Buffer.alloc(0), 0, 0];
  let request: RawRequest | undefined;
  socket.on('data', (chunk: Buffer) => {
    unread = Buffer.concat([unread, chunk]);
    for (;;) {
      if (!request) {
        const headEnd = unread.indexOf('\r\n\r\n');
        if (headEnd < 0) return;
        const head = unread.toString('latin1', 0, headEnd);
        remaining = Number(/^content-length: (\d+)/im.exec(head)![1]);
        request = { socket, id: /^x-id: (.*)$/im.exec(head)?.[1] ?? '', turn: ++turn };
        unread = unread.subarray(headEnd + 4);
        rules.onHead?.(request);
      }
      const read = Math.min(remaining, unread.length);
      unread = unread.subarray(read);
      remaining -= read;
      if (remaining > 0) return;
      rules.onWhole?.(request);
      request = undefined;
    }
  });
}

/** A response of HTTP/1.1 with this body, and `more` header lines. */
export const responseOf = (body: string, status = '200 OK', more = ''): string =>
  `HTTP/1.1 ${status}\r\n${more}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;

/** A body that does not fit into the buffers of the sockets. */
export const LARGE_BODY = Buffer.alloc(20_000_000, 'x');
