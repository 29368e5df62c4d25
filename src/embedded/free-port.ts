import { createServer } from 'node:net';
import { errorCodeOf } from '../service/start-failure.ts';

/** The first of `preferred` that is free on 127.0.0.1, or any free port. */
export async function findFreePort(...preferred: number[]): Promise<number> {
  return findFreePortOn('127.0.0.1', ...preferred);
}

/** The same on `host`. Returns 0 if nothing can listen on that address. */
export async function findFreePortOn(host: string, ...preferred: number[]): Promise<number> {
  for (const port of preferred) {
    if (typeof (await listenBriefly(host, port)) === 'number') return port;
  }
  const anyPort = await listenBriefly(host, 0);
  return typeof anyPort === 'number' ? anyPort : 0;
}

/** Undefined if a server could listen on the port now; otherwise the code of the error. */
export async function listenErrorCode(host: string, port: number): Promise<string | undefined> {
  const result = await listenBriefly(host, port);
  return typeof result === 'number' ? undefined : result;
}

function listenBriefly(host: string, port: number): Promise<number | string> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error) => resolve(errorCodeOf(error) ?? error.message));
    server.listen(port, host, () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : port));
    });
  });
}
