import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Config } from '../config/config.ts';
import { readOrCreateFile } from './data-dir/local-secrets.ts';
import { chooseSamplePort } from './sample-port.ts';

export type SampleReceiver = { url: string; secret: string; close(): Promise<void> };

/**
 * A receiver on loopback for the first event of a new user. It verifies requests as a customer's server would, responds
 * 200 or 401, and prints one line per request.
 */
export async function startSampleReceiver(
  { dataDir, samplePort: configuredPort }: Pick<Config, 'dataDir' | 'samplePort'>,
  print: (line: string) => void,
): Promise<SampleReceiver> {
  // Stored, so that a retry after a restart still verifies.
  const secret = readOrCreateFile(
    join(dataDir, 'sample-secret'),
    () => `whsec_${randomBytes(32).toString('base64')}`,
  );
  const port = await chooseSamplePort(dataDir, configuredPort);
  const server = createServer(async (request, response) => {
    const body = await bodyOf(request).catch(() => null);
    if (body === null) return void response.destroy();
    const verified = hasValidSignature(request, body, secret);
    print(
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

/** Verifies as the Standard Webhooks specification requires. */
function hasValidSignature({ headers }: IncomingMessage, body: Buffer, secret: string): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const expected = createHmac('sha256', key)
    .update(`${headers['webhook-id']}.${headers['webhook-timestamp']}.`)
    .update(body)
    .digest();
  return `${headers['webhook-signature'] ?? ''}`.split(' ').some((signature) => {
    const received = Buffer.from(signature.replace(/^v1,/, ''), 'base64');
    return received.length === expected.length && timingSafeEqual(received, expected);
  });
}
