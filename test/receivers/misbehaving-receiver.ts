import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { eventually } from '../set-up/eventually.ts';

/** Called after each complete request. `turn` is the number of the request on this socket, starting at 1. */
export type Behaviour = (socket: Socket, turn: number) => void;

const every = (ms: number, socket: Socket, write: (count: number) => void): void => {
  let count = 0;
  const timer = setInterval(() => write(count++), ms);
  socket.once('close', () => clearInterval(timer));
};

/** Writes as long as the peer reads. */
const flood = (socket: Socket, chunk: Buffer): void => {
  const pump = () => {
    while (!socket.destroyed && socket.write(chunk));
  };
  socket.on('drain', pump);
  pump();
};

const send = (text: string | Buffer): Behaviour => {
  return (socket) => void socket.write(text);
};

const empty = 'content-length: 0\r\n\r\n';
/** Compressed at load time: this is slow on a busy machine and must not count in a measured time. */
const bomb = gzipSync(Buffer.alloc(20_000_000));
const chunk64k = Buffer.alloc(65_536, 'x');

/** Misbehaviour of real receivers, by name. For redirects see `redirectTo`. */
export const behaviours = {
  neverResponds: () => {},
  closesWithoutResponse: (socket) => socket.end(),
  headerDrip: (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n');
    every(20, socket, (count) => socket.write(`x-drip-${count}: 1\r\n`));
  },
  statusDrip: (socket) => {
    const line = 'HTTP/1.1 200 OK\r\n';
    every(100, socket, (count) => socket.write(line[count] ?? ''));
  },
  bodyDripAfter200: (socket) => {
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n');
    every(20, socket, () => socket.write('x'));
  },
  bodyDripAfter500: (socket) => {
    socket.write('HTTP/1.1 500 Oops\r\ncontent-length: 1000000\r\n\r\n');
    every(20, socket, () => socket.write('x'));
  },
  endlessBody: (socket) => {
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    flood(socket, chunk64k);
  },
  endlessBodyAfter500: (socket) => {
    socket.write('HTTP/1.1 500 Oops\r\n\r\n');
    flood(socket, chunk64k);
  },
  endlessChunks: (socket) => {
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n');
    flood(socket, Buffer.from('1\r\nx\r\n'.repeat(1_000)));
  },
  endlessInterimResponses: (socket) =>
    every(10, socket, () => socket.write('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n')),
  floodOfInterimResponses: (socket) =>
    flood(socket, Buffer.from('HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n'.repeat(500))),
  floodOfLineEnds: (socket) => flood(socket, Buffer.from('\r\n'.repeat(8_000))),
  continueThen200: send(`HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n${empty}`),
  interimResponseThen200: send(`HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n${empty}`),
  resetBeforeStatus: (socket) => socket.resetAndDestroy(),
  resetAfterStatus: (socket) =>
    socket.write('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc', () =>
      // Without a pause, the reset would discard the status from the peer's receive buffer.
      setTimeout(() => socket.resetAndDestroy(), 50),
    ),
  closesInTheBody: (socket) => socket.end('HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc'),
  noContentWithBody: send('HTTP/1.1 204 No Content\r\ncontent-length: 5\r\n\r\nhello'),
  sendsUnsolicitedResponse: (socket) =>
    socket.write(`HTTP/1.1 200 OK\r\n${empty}`, () =>
      setTimeout(() => socket.write(`HTTP/1.1 500 Oops\r\n${empty}`), 20),
    ),
  twoResponses: send(`HTTP/1.1 200 OK\r\n${empty}HTTP/1.1 500 Oops\r\n${empty}`),
  gzipBomb: (socket) => {
    socket.write(`HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`);
    socket.write(bomb);
  },
  headersOf20k: send(`HTTP/1.1 200 OK\r\nx-large: ${'x'.repeat(20_000)}\r\n${empty}`),
  garbage: send(Buffer.from(`\x00\x01\x02 this is not HTTP \xff\r\n\r\n`, 'latin1')),
  status000: send(`HTTP/1.1 000 Nothing\r\n${empty}`),
  status999: send(`HTTP/1.1 999 Denied\r\n${empty}`),
  switchesProtocols: send('HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n'),
  badBytes: send(
    Buffer.from(
      `HTTP/1.1 500 Oops\r\nx-bytes: \xff\xfe\r\ncontent-length: 6\r\n\r\n\x00\xff\xc3\x28\x00\x00`,
      'latin1',
    ),
  ),
  /** Responds to the first request of a connection and resets the connection on the second, like a stale keep-alive. */
  resetsReusedConnections: (socket, turn) =>
    turn === 1 ? socket.write(`HTTP/1.1 200 OK\r\n${empty}`) : socket.resetAndDestroy(),
  /** Closes each connection soon after its response without announcing it. */
  closesIdleConnections: (socket) =>
    socket.write(`HTTP/1.1 200 OK\r\n${empty}`, () => setTimeout(() => socket.end(), 1)),
} satisfies Record<string, Behaviour>;

export type BehaviourName = keyof typeof behaviours;

export const redirectTo = (url: string): Behaviour =>
  send(`HTTP/1.1 301 Moved\r\nlocation: ${url}\r\n${empty}`);

export type MisbehavingReceiver = {
  url: string;
  port: number;
  /** Connections accepted and complete requests read so far. */
  connections(): number;
  requests(): number;
  /** Resolves when the sender has closed every connection. */
  untilNoneOpen(): Promise<void>;
  /** Bytes passed to the kernel: an upper bound of what the sender can have read. */
  bytesWritten(): number;
  close(): Promise<void>;
};

/** A raw TCP or TLS server that reads each complete request and then misbehaves as specified. */
export async function startMisbehavingReceiver(
  behaviour: BehaviourName | Behaviour,
  options: { tls?: { key: string; cert: string }; host?: string } = {},
): Promise<MisbehavingReceiver> {
  const behave: Behaviour = typeof behaviour === 'function' ? behaviour : behaviours[behaviour];
  const sockets = new Set<Socket>();
  let connections = 0;
  let requests = 0;
  let bytesOfClosed = 0;

  const serve = (socket: Socket): void => {
    let turn = 0;
    sockets.add(socket);
    connections++;
    socket.on('error', () => {});
    socket.on('close', () => {
      bytesOfClosed += socket.bytesWritten;
      sockets.delete(socket);
    });
    onEachRequest(socket, () => {
      requests++;
      behave(socket, ++turn);
    });
  };
  const server = options.tls ? createTlsServer(options.tls, serve) : createServer(serve);
  server.on('tlsClientError', () => {});
  const host = options.host ?? '127.0.0.1';
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as AddressInfo;

  return {
    url: `${options.tls ? 'https' : 'http'}://${host}:${port}/`,
    port,
    connections: () => connections,
    requests: () => requests,
    untilNoneOpen: () => eventually(() => sockets.size === 0),
    bytesWritten: () => [...sockets].reduce((sum, socket) => sum + socket.bytesWritten, bytesOfClosed),
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function onEachRequest(socket: Socket, found: () => void): void {
  let unread = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    unread = Buffer.concat([unread, chunk]);
    for (;;) {
      const headEnd = unread.indexOf('\r\n\r\n');
      if (headEnd < 0) return;
      const length = /^content-length: *(\d+)/im.exec(unread.toString('latin1', 0, headEnd))?.[1] ?? '0';
      const end = headEnd + 4 + Number(length);
      if (unread.length < end) return;
      unread = unread.subarray(end);
      found();
    }
  });
}
