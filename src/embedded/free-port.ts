import { createServer } from 'node:net';
import { errorCodeOf } from '../service/start-failure.ts';

/** The first of `preferred` that is free on 127.0.0.1, else one that the system picks. */
export async function findFreePort(...preferred: number[]): Promise<number> {
  return findFreePortOn('127.0.0.1', ...preferred);
}

/** The same on another address; 0 where nothing can listen on that address at all. */
export async function findFreePortOn(host: string, ...preferred: number[]): Promise<number> {
  for (const port of preferred) {
    if (typeof (await listenBriefly(host, port)) === 'number') return port;
  }
  const picked = await listenBriefly(host, 0);
  return typeof picked === 'number' ? picked : 0;
}

/** Undefined when a server could listen there now; else the code of the error that it would get. */
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
