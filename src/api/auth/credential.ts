import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { unauthorized } from '../problems/unauthorized.ts';
import { requireSameOrigin } from './same-origin.ts';
import type { SessionCookie } from './session-cookie.ts';

/** What a request identifies its caller with: a key, the token of a portal session, or the cookie of an operator's session. */
export type Credential = {
  kind: 'key' | 'token' | 'cookie';
  text: string;
  /** The SHA-256 as text, which names it in caches. A hash that Node returns as a Buffer costs three times as much. */
  name: string;
};

export const SESSION_PREFIX = 'phs_';

export const sha256Base64 = (text: string): string => hash('sha256', text, 'base64');
export const sha256 = (text: string): Buffer => Buffer.from(sha256Base64(text), 'base64');
export const hashOf = ({ name }: Credential): Buffer => Buffer.from(name, 'base64');

/** The header `Authorization` counts before the cookie. Throws unauthorized without either, and csrf_refused. */
export function credentialOf(request: IncomingMessage, cookie: SessionCookie): Credential {
  const { authorization } = request.headers;
  if (authorization !== undefined) return bearerOf(authorization);
  const text = cookie.read(request);
  if (text === undefined) throw unauthorized('The header Authorization is missing.');
  requireSameOrigin(request);
  return { kind: 'cookie', text, name: sha256Base64(text) };
}

function bearerOf(header: string): Credential {
  const text = /^Bearer +([\x21-\x7e]{1,256})$/i.exec(header)?.[1];
  if (text === undefined) throw unauthorized('The header Authorization must be "Bearer <key>".');
  return { kind: text.startsWith(SESSION_PREFIX) ? 'token' : 'key', text, name: sha256Base64(text) };
}
