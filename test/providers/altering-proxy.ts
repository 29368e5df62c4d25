import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type AlteringProxy = { url: string; close(): Promise<void> };

/** A proxy in front of the API that changes its responses, to simulate faults. */
export async function startAlteringProxy(
  apiUrl: string,
  alter: (path: string, body: string) => string,
): Promise<AlteringProxy> {
  const server = createServer(async (message, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    const { authorization = '', 'content-type': type = '' } = message.headers;
    const apiResponse = await fetch(apiUrl + message.url, {
      method: message.method!,
      headers: { authorization, 'content-type': type },
      ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
    });
    response.writeHead(apiResponse.status).end(alter(message.url!, await apiResponse.text()));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
