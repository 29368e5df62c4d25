import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export type AlteringProxy = { url: string; close(): Promise<void> };

/** Stands before the API, and changes what it answers: for faults that a sound Posthorn does not have. */
export async function startAlteringProxy(
  apiUrl: string,
  alter: (path: string, answer: string) => string,
): Promise<AlteringProxy> {
  const server = createServer(async (message, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    const { authorization = '', 'content-type': type = '' } = message.headers;
    const answer = await fetch(apiUrl + message.url, {
      method: message.method!,
      headers: { authorization, 'content-type': type },
      ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
    });
    response.writeHead(answer.status).end(alter(message.url!, await answer.text()));
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
