import type { IncomingMessage } from 'node:http';
import { Problem } from './problem.ts';

/** What a refused caller may still send before we hang up on it. */
const DRAIN_BYTES = 8 * 1024 * 1024;
const DRAIN_MS = 2_000;
/** Seconds: what is being read has been stored or given up by then. */
const NO_ROOM_RETRY_AFTER = '2';

/** The caller went away in the middle of its body: there is nobody to answer. */
export class CallerGone extends Error {
  constructor() {
    super('the caller went away before the end of its body');
  }
}

/** True when the request says by its headers that nothing follows them (RFC 9112, section 6.3), whatever its type. */
export const hasNoBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;

/**
 * Reads JSON bodies, of which all that are under way hold at most `budget` bytes. A body has at most `limit` bytes.
 * Refused: another content type or charset (415), a content encoding (415; decompressing would let a few bytes
 * become many), more than `limit` bytes (413), and what the budget has no room for (503).
 */
export function createBodyReader(
  budget: number,
): (request: IncomingMessage, limit: number) => Promise<Buffer> {
  let held = 0; // what has arrived, not what was announced: who announces much and sends nothing takes no room

  /** All bytes, or why not as soon as that is known. */
  const collect = (request: IncomingMessage, limit: number): Promise<Buffer | 'too large' | 'no room'> =>
    new Promise((resolve, reject) => {
      if (request.destroyed) return reject(new CallerGone());
      const chunks: Buffer[] = [];
      let size = 0;
      const onData = (chunk: Buffer): void => {
        size += chunk.length;
        held += chunk.length;
        if (size > limit) end(() => resolve('too large'));
        else if (held > budget) end(() => resolve('no room'));
        else chunks.push(chunk);
      };
      const onEnd = (): void =>
        end(() => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size)));
      const onClose = (): void => end(() => reject(new CallerGone()));
      const end = (settle: () => void): void => {
        request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
        held -= size;
        settle();
      };
      request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
    });

  return async (request, limit) => {
    requirePlainJson(request);
    const announced = Number(request.headers['content-length'] ?? 0);
    const bytes = announced > limit ? 'too large' : await collect(request, limit);
    if (Buffer.isBuffer(bytes)) return bytes;
    await drain(request);
    throw bytes === 'too large' ? tooLarge(limit) : noRoom();
  };
}

const tooLarge = (limit: number): Problem =>
  new Problem('payload_too_large', `The body has more than ${limit} bytes.`, {
    headers: { connection: 'close' },
  });

const noRoom = (): Problem =>
  new Problem('unavailable', 'More is being posted than there is memory for. Send it again later.', {
    headers: { connection: 'close', 'retry-after': NO_ROOM_RETRY_AFTER },
  });

/** Longer than any media type that is accepted: what is not looked at costs nothing. */
const MAX_TYPE_LENGTH = 200;
// Each run of spaces has one place where it can match: two beside each other would try every way to share them.
const JSON_TYPE =
  /^application\/(?:json|[\w.!#$&^-]+\+json)(?:\s*;\s*charset\s*=\s*"?utf-?8"?)?\s*(?:;\s*)?$/i;

function requirePlainJson({ headers }: IncomingMessage): void {
  const type = headers['content-type'] ?? '';
  if (type !== 'application/json' && (type.length > MAX_TYPE_LENGTH || !JSON_TYPE.test(type))) {
    throw new Problem('unsupported_media_type', 'The content type is not application/json in UTF-8.');
  }
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new Problem('unsupported_media_type', 'A content encoding is not accepted.');
  }
}

/** Reads on for a while: closing at once would reset the connection, and the caller would never see the answer. */
const drain = (request: IncomingMessage): Promise<void> =>
  new Promise((resolve) => {
    if (request.readableEnded) return resolve();
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
