import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/**
 * An address whose kernel answers no SYN, like one behind a firewall that drops: its queue of connections that nobody
 * accepts is full. `answer` lets it accept from now on; a SYN is repeated after one second, and after three.
 */
export type SilentAddress = { startAccepting(): void; close(): Promise<void> };

/** Listens, and sleeps until a byte comes on standard input: a server that is too busy to accept. */
const PROGRAM = `
  const fs = require('node:fs');
  const answer = (socket) => socket.on('error', () => {}).once('data', () =>
    socket.write('HTTP/1.1 200 OK\\r\\ncontent-length: 0\\r\\nconnection: close\\r\\n\\r\\n'));
  const [host, port] = process.argv.slice(1);
  require('node:net').createServer(answer).listen({ host, port: Number(port), backlog: 1 }, () => {
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
  // The queue takes one more than its length says; the third is the first that is not answered.
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
