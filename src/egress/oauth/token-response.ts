import type { Failure } from '../failure.ts';
import type { ReceiverResponse } from '../http/response-reader.ts';
import type { ClientCredentials } from './client-credentials.ts';
import { refused, tokenFailure } from './token-failure.ts';

/** `lifetimeMs` counts from the request; null: the server did not say. */
export type GrantedToken = { token: string; lifetimeMs: number | null };

export type TokenResponse = ({ kind: 'granted' } & GrantedToken) | { kind: 'failed'; failure: Failure };

/** Receivers rarely accept more than 16 KiB of headers. */
const MAX_TOKEN_LENGTH = 8_192;

/** What a response of a token server says (RFC 6749 sections 5.1 and 5.2). */
export function readTokenResponse(
  { statusCode, headers, body, truncated }: ReceiverResponse,
  credentials: ClientCredentials,
): TokenResponse {
  const invalid = (why: string): TokenResponse => ({
    kind: 'failed',
    failure: tokenFailure('TOKEN_RESPONSE_INVALID', why),
  });
  if (statusCode >= 300 && statusCode <= 399)
    return { kind: 'failed', failure: tokenFailure('TOKEN_REDIRECTED', `status ${statusCode}`) };
  const members = truncated ? undefined : parseObject(body);
  if (statusCode < 200 || statusCode > 299)
    return { kind: 'failed', failure: refused(statusCode, members ?? {}, credentials) };
  if (truncated) return invalid('the response is incomplete, or longer than 16 KiB');
  if (headers['content-encoding'] !== undefined && !members) return invalid('the response is compressed');
  if (!members) return invalid('the response is not a JSON object');
  const { access_token: token, token_type: type, expires_in: expiresIn } = members;
  if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token)) return invalid('access_token is missing');
  if (token.length > MAX_TOKEN_LENGTH)
    return invalid(`access_token is longer than ${MAX_TOKEN_LENGTH} characters`);
  // Some servers leave it out. Any other type would be sent in another way.
  if (type !== undefined && !(typeof type === 'string' && type.toLowerCase() === 'bearer'))
    return invalid('token_type is not Bearer');
  return { kind: 'granted', token, lifetimeMs: lifetimeOf(expiresIn) };
}

/** Some servers send the seconds as a string. What is not a number counts as missing. */
function lifetimeOf(expiresIn: unknown): number | null {
  const seconds =
    typeof expiresIn === 'string' && /^\d{1,12}$/.test(expiresIn) ? Number(expiresIn) : expiresIn;
  return typeof seconds === 'number' && Number.isFinite(seconds) ? Math.max(0, seconds * 1_000) : null;
}

function parseObject(body: Buffer): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
