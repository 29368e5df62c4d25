import type { IncomingMessage } from 'node:http';
import { type Share, SharedCapacity } from '../../../limits/shared-capacity.ts';
import { Problem } from '../../problems/problem.ts';
import { createSlowBodyDetector } from './slow-body-detector.ts';

/** How much a rejected client may still send, and for how long, before the connection is closed. */
const DRAIN_BYTES = 8 * 1024 * 1024;
const DRAIN_MS = 2_000;
/** Seconds; the bodies being read now have been stored or rejected by then. */
const CAPACITY_RETRY_AFTER = '2';
/** The rest of the body is not read, so it would be mistaken for the next request. */
const CLOSE = { connection: 'close' };

/** The client disconnected before the end of its body, so no response can be sent. */
export class ClientDisconnected extends Error {
  constructor() {
    super('the client disconnected before the end of its body');
  }
}

/** Whether the headers declare that there is no body (RFC 9112, section 6.3); the content type does not matter. */
export const hasNoBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0;

/** A complete body. Its bytes count as held until `release`, which may be called more than once. */
export type BufferedBody = { bytes: Buffer; release(): void };

export type BodyReader = (request: IncomingMessage, limit: number, shares: Share[]) => Promise<BufferedBody>;

/**
 * Reads JSON bodies. All bodies held together have at most `budget` bytes, divided between tenants; one body has at most
 * `limit` bytes. Throws a Problem for another content type or charset (415), a content encoding (415, because a few
 * compressed bytes can expand to many), more than `limit` bytes (413), a tenant at its share of the budget (429), an
 * exhausted budget (503), and a body that arrives too slowly (408). Throws ClientDisconnected.
 */
export function createBodyReader(budget: number, now: () => number = () => performance.now()): BodyReader {
  // Received bytes count, not the declared length; otherwise a client could occupy memory without sending anything.
  const capacity = new SharedCapacity(budget);
  const watchPace = createSlowBodyDetector(now);
  const holdsMuch = ([share]: Share[]): boolean => capacity.heldBy(share!.name) > budget / 16;

  /** All bytes, or the reason for rejecting them as soon as it is known. */
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
        capacity.release(shares, size);
        size = 0;
      };
      const refuse = (why: Refused): void =>
        end(() => {
          release();
          resolve(why);
        });
      const pace = watchPace(() => refuse('too_slow'));
      const onData = (chunk: Buffer): void => {
        if (size + chunk.length > limit) refuse('too_large');
        else if (!capacity.hasCapacity(shares, chunk.length))
          refuse(holdsMuch(shares) ? 'tenant_at_capacity' : 'at_capacity');
        else {
          capacity.take(shares, chunk.length);
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
    const declaredBytes = Number(request.headers['content-length'] ?? 0);
    const body = declaredBytes > limit ? 'too_large' : await collect(request, limit, shares);
    if (typeof body === 'object') return body;
    await drain(request);
    throw REFUSALS[body](limit);
  };
}

type Refused = 'too_large' | 'tenant_at_capacity' | 'at_capacity' | 'too_slow';

const REFUSALS: Record<Refused, (limit: number) => Problem> = {
  too_large: (limit) =>
    new Problem('payload_too_large', `The body is larger than ${limit} bytes.`, { headers: CLOSE }),
  tenant_at_capacity: () =>
    new Problem('quota_exceeded', 'Too many bytes are being received from you. Send less at once.', {
      headers: { ...CLOSE, 'retry-after': CAPACITY_RETRY_AFTER },
    }),
  at_capacity: () =>
    new Problem('unavailable', 'The memory for request bodies is used up. Send the request again later.', {
      headers: { ...CLOSE, 'retry-after': CAPACITY_RETRY_AFTER },
    }),
  too_slow: () => new Problem('request_timeout', 'The body arrived too slowly.', { headers: CLOSE }),
};

/** Longer than any accepted media type; longer values are rejected without matching them. */
const MAX_TYPE_LENGTH = 200;
// Each run of spaces can match in only one place; otherwise the expression would take quadratic time.
const JSON_TYPE =
  /^application\/(?:json|[\w.!#$&^-]+\+json)(?:\s*;\s*charset\s*=\s*"?utf-?8"?)?\s*(?:;\s*)?$/i;

function requirePlainJson({ headers }: IncomingMessage): void {
  const type = headers['content-type'] ?? '';
  if (type !== 'application/json' && (type.length > MAX_TYPE_LENGTH || !JSON_TYPE.test(type))) {
    throw new Problem('unsupported_media_type', 'The content type must be application/json in UTF-8.');
  }
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    throw new Problem('unsupported_media_type', 'Content encodings are not supported.');
  }
}

/** Keeps reading for a while; closing at once would reset the connection before the client sees the response. */
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
