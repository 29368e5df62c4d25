import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/**
 * An address whose kernel does not respond to a SYN, as behind a firewall that drops packets: its accept queue is full.
 * After `startAccepting` it accepts connections. A SYN is repeated after 1 s and after 3 s.
 */
export type SilentAddress = { startAccepting(): void; close(): Promise<void> };

/** Listens, but does not accept connections until it reads a byte from standard input. */
const PROGRAM = `
  const fs = require('node:fs');
  const respond = (socket) => socket.on('error', () => {}).once('data', () =>
    socket.write('HTTP/1.1 200 OK\\r\\ncontent-length: 0\\r\\nconnection: close\\r\\n\\r\\n'));
  const [host, port] = process.argv.slice(1);
  require('node:net').createServer(respond).listen({ host, port: Number(port), backlog: 1 }, () => {
    fs.writeSync(1, 'listening');
    fs.readSync(0, Buffer.alloc(1));
  });
`;

export async function startSilentAddress(host: string, port: number): Promise<SilentAddress> {
  const child = spawn(process.execPath, ['-e', PROGRAM, '--', host, String(port)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout!, 'data');
  const fillers = [1, 2, 3].map(() => connect({ host, port }).on('error', () => {}));
  // The queue holds one connection more than its backlog, so the third connection is the first without a response.
  await Promise.all(fillers.slice(0, 2).map((socket) => once(socket, 'connect')));
  return { startAccepting: () => void child.stdin!.write('x'), close: () => closed(child, fillers) };
}

async function closed(child: ChildProcess, fillers: Socket[]): Promise<void> {
  for (const socket of fillers) socket.destroy();
  if (child.exitCode === null) {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}
