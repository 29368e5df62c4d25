import type { IncomingMessage } from 'node:http';
import { type Share, SharedCapacity } from '../../../limits/shared-capacity.ts';
import { Problem } from '../../problems/problem.ts';
import { createSlowBodyDetector } from './body-pace.ts';

/** What a refused caller may still send before we hang up on it. */
const DRAIN_BYTES = 8 * 1024 * 1024;
const DRAIN_MS = 2_000;
/** Seconds: what is being read has been stored or given up by then. */
const NO_ROOM_RETRY_AFTER = '2';
/** The rest of the body is not read: what follows it would be taken for the next request. */
const CLOSE = { connection: 'close' };

/** The caller went away in the middle of its body: there is nobody to answer. */
export class ClientDisconnected extends Error {
  constructor() {
    super('the caller went away before the end of its body');
  }
}

/** True when the request says by its headers that nothing follows them (RFC 9112, section 6.3), whatever its type. */
export const hasNoBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;

/** A body that was read. Its bytes count as held until `release`, which may be called twice. */
export type BufferedBody = { bytes: Buffer; release(): void };

export type BodyReader = (request: IncomingMessage, limit: number, shares: Share[]) => Promise<BufferedBody>;

/**
 * Reads JSON bodies, of which all that are held have at most `budget` bytes, divided between tenants. A body has at
 * most `limit` bytes. Refused: another content type or charset (415), a content encoding (415; decompressing would let
 * a few bytes become many), more than `limit` bytes (413), what its tenant has no room for (429), or nobody (503), and
 * what arrives too slowly (408).
 */
export function createBodyReader(budget: number, now: () => number = () => performance.now()): BodyReader {
  // What has arrived, not what was announced: who announces much and sends nothing takes no room.
  const room = new SharedCapacity(budget);
  const watchPace = createSlowBodyDetector(now);
  const isMuch = ([share]: Share[]): boolean => room.heldBy(share!.name) > budget / 16;

  /** All bytes, or why not as soon as that is known. */
  const collect = (
    request: IncomingMessage,
    limit: number,
    shares: Share[],
  ): Promise<BufferedBody | Refused> =>
    new Promise((resolve, reject) => {
      if (request.destroyed) return reject(new ClientDisconnected());
      const chunks: Buffer[] = [];
      let size = 0;
      const release = (): void => {
        room.release(shares, size);
        size = 0;
      };
      const refuse = (why: Refused): void =>
        end(() => {
          release();
          resolve(why);
        });
      const pace = watchPace(() => refuse('too slow'));
      const onData = (chunk: Buffer): void => {
        if (size + chunk.length > limit) refuse('too large');
        else if (!room.hasCapacity(shares, chunk.length))
          refuse(isMuch(shares) ? 'no room for you' : 'no room');
        else {
          room.take(shares, chunk.length);
          size += chunk.length;
          pace.addBytes(chunk.length);
          chunks.push(chunk);
        }
      };
      const onEnd = (): void =>
        end(() =>
          resolve({ bytes: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, size), release }),
        );
      const onClose = (): void =>
        end(() => {
          release();
          reject(new ClientDisconnected());
        });
      const end = (settle: () => void): void => {
        request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
        pace.end();
        settle();
      };
      request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
    });

  return async (request, limit, shares) => {
    requirePlainJson(request);
    const announced = Number(request.headers['content-length'] ?? 0);
    const body = announced > limit ? 'too large' : await collect(request, limit, shares);
    if (typeof body === 'object') return body;
    await drain(request);
    throw REFUSALS[body](limit);
  };
}

type Refused = 'too large' | 'no room for you' | 'no room' | 'too slow';

const REFUSALS: Record<Refused, (limit: number) => Problem> = {
  'too large': (limit) =>
    new Problem('payload_too_large', `The body has more than ${limit} bytes.`, { headers: CLOSE }),
  'no room for you': () =>
    new Problem('quota_exceeded', 'Too many bytes of bodies are being read: post less at a time.', {
      headers: { ...CLOSE, 'retry-after': NO_ROOM_RETRY_AFTER },
    }),
  'no room': () =>
    new Problem('unavailable', 'More is being posted than there is memory for. Send it again later.', {
      headers: { ...CLOSE, 'retry-after': NO_ROOM_RETRY_AFTER },
    }),
  'too slow': () => new Problem('request_timeout', 'The body came too slowly.', { headers: CLOSE }),
};

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
