import { ProjectCache } from '../../limits/project-cache.ts';

/** Times are of performance.now(). */
export type CachedToken = {
  /** Of the credentials that it was requested with. */
  version: string;
  token: string;
  usableUntil: number;
  /** When it replaced a token that the receiver had refused; null: it did not. */
  renewedAt: number | null;
};

/** The tokens of endpoints, one for each. */
export type TokenCache = ProjectCache<CachedToken>;

const LIMITS = { maxBytes: 32 * 1024 * 1024, maxBytesOfProject: 4 * 1024 * 1024 };
/** The entry itself and its keys. */
const BYTES_OF_AN_ENTRY = 500;

export const createTokenCache = (): TokenCache =>
  new ProjectCache(LIMITS, ({ token, version }) => BYTES_OF_AN_ENTRY + token.length + version.length);
