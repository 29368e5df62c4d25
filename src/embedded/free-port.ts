import { createServer } from 'node:net';

/** The first of `preferred` that is free on 127.0.0.1, else one that the system picks. */
export async function freePort(...preferred: number[]): Promise<number> {
  for (const port of preferred) {
    if (await canListenOn(port)) return port;
  }
  return (await listenBriefly(0)) as number;
}

const canListenOn = async (port: number): Promise<boolean> => (await listenBriefly(port)) !== undefined;

function listenBriefly(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? address?.port : undefined));
    });
  });
}
