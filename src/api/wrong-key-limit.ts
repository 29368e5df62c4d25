import type { Request, Response } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import { Problem } from './problem.ts';
import { unauthorized } from './unauthorized.ts';

const WINDOW_MS = 60_000;

export type WrongKeyLimit = {
  /** Throws too_many_attempts when the address has sent too many wrong keys in this minute. */
  refuseIfBlocked(request: Request): Promise<void>;
  /** Counts a wrong key and throws: unauthorized, or too_many_attempts from the limit on. */
  refuse(request: Request, response: Response): Promise<never>;
};

/** Guessing keys is hopeless; this keeps it from costing a database query for each guess. */
export function createWrongKeyLimit(limit: number): WrongKeyLimit {
  const limiter = rateLimit({
    windowMs: WINDOW_MS,
    limit,
    keyGenerator: addressOf,
    standardHeaders: false,
    legacyHeaders: false,
    handler: (_request, _response, next) => next(tooMany()),
    // Behind a proxy we know only the proxy's address, and say so in the docs.
    validate: { xForwardedForHeader: false, forwardedHeader: false },
  });
  return {
    async refuseIfBlocked(request) {
      const seen = await limiter.getKey(addressOf(request));
      if (seen && seen.totalHits >= limit) throw tooMany();
    },
    async refuse(request, response) {
      await new Promise<void>((resolve, reject) => {
        const next = (error?: unknown): void => (error ? reject(error as Error) : resolve());
        Promise.resolve(limiter(request, response, next)).catch(reject);
      });
      throw unauthorized('The key is wrong, or was deleted.');
    },
  };
}

const addressOf = (request: Request): string => ipKeyGenerator(request.socket.remoteAddress ?? '');

const tooMany = (): Problem =>
  new Problem('too_many_attempts', undefined, { headers: { 'retry-after': String(WINDOW_MS / 1000) } });
