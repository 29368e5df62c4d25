import type { IncomingMessage } from 'node:http';
import { Problem } from './problem.ts';

/** What a refused caller may still send before we hang up on it. */
const DRAIN_BYTES = 8 * 1024 * 1024;
const DRAIN_MS = 2_000;

/** The caller went away in the middle of its body: there is nobody to answer. */
export class CallerGone extends Error {
  constructor() {
    super('the caller went away before the end of its body');
  }
}

/**
 * The bytes of a JSON body, at most `limit` of them. Refused: another content type or charset (415), a content
 * encoding (415; decompressing would let a few bytes become many), and more than `limit` bytes (413).
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer> {
  requirePlainJson(request);
  if (Number(request.headers['content-length'] ?? 0) > limit) return refuseAsTooLarge(request, limit);
  const bytes = await collect(request, limit);
  return bytes ?? refuseAsTooLarge(request, limit);
}

const JSON_TYPE = /^application\/(?:json|[\w.!#$&^-]+\+json)\s*(?:;\s*charset\s*=\s*"?utf-?8"?\s*)?;?\s*$/i;

function requirePlainJson({ headers }: IncomingMessage): void {
  const type = headers['content-type'] ?? '';
  if (type !== 'application/json' && !JSON_TYPE.test(type)) {
    throw new Problem('unsupported_media_type', 'The content type is not application/json in UTF-8.');
  }
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new Problem('unsupported_media_type', 'A content encoding is not accepted.');
  }
}

/** All bytes, or undefined as soon as there are more than `limit`. */
function collect(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    if (request.destroyed) return reject(new CallerGone());
    const chunks: Buffer[] = [];
    let size = 0;
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      if (size > limit) finish(undefined);
      else chunks.push(chunk);
    };
    const onEnd = (): void => finish(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks, size));
    const onClose = (): void => reject(new CallerGone());
    const finish = (result: Buffer | undefined): void => {
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      resolve(result);
    };
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}

/** Reads on for a while: closing at once would reset the connection, and the caller would never see the 413. */
async function refuseAsTooLarge(request: IncomingMessage, limit: number): Promise<never> {
  await new Promise<void>((resolve) => {
    let size = 0;
    const timer = setTimeout(resolve, DRAIN_MS);
    const done = (): void => {
      clearTimeout(timer);
      resolve();
    };
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > DRAIN_BYTES) done();
    });
    request.on('end', done).on('close', done).on('error', done);
    request.resume();
  });
  throw new Problem('payload_too_large', `The body has more than ${limit} bytes.`, {
    headers: { connection: 'close' },
  });
}
