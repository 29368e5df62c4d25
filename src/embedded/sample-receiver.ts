import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { readOrCreateFile } from './data-dir/local-secrets.ts';
import { chooseSamplePort } from './sample-port.ts';

export type SampleReceiver = { url: string; secret: string; close(): Promise<void> };

/**
 * A receiver on loopback for the first event of a new user: it verifies as a customer's server would, answers 200
 * or 401, and says on one line what it saw.
 */
export async function startSampleReceiver(
  { dataDir, samplePort: asked }: Pick<Config, 'dataDir' | 'samplePort'>,
  say: (line: string) => void,
): Promise<SampleReceiver> {
  // Kept, so that a retry that a restart interrupted still verifies.
  const secret = readOrCreateFile(
    join(dataDir, 'sample-secret'),
    () => `whsec_${randomBytes(32).toString('base64')}`,
  );
  const port = await chooseSamplePort(dataDir, asked);
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request).catch(() => null);
    if (body === null) return void response.destroy();
    const verified = isSigned(request, body, secret);
    say(
      `sample receiver: ${request.headers['webhook-id'] ?? 'no id'}, ${body.length} bytes, signature ${verified ? 'verified' : 'wrong'}`,
    );
    response
      .writeHead(verified ? 200 : 401, { 'content-type': 'text/plain' })
      .end(verified ? 'thank you' : 'wrong signature');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks`,
    secret,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Standard Webhooks, as its specification tells receivers to verify. */
function isSigned({ headers }: IncomingMessage, body: Buffer, secret: string): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const expected = createHmac('sha256', key)
    .update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`)
    .update(body)
    .digest();
  return `${headers['webhook-signature'] ?? ''}`.split(' ').some((signature) => {
    const given = Buffer.from(signature.replace(/^v1,/, ''), 'base64');
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}
