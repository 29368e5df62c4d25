import { isReceiversFault } from '../../policy/receiver-failure.ts';
import { FAILURE_MESSAGES } from '../describe-failure.ts';
import type { Failure } from '../failure.ts';
import { type ClientCredentials, formEncoded } from './client-credentials.ts';

type TokenFailureCode = keyof typeof FAILURE_MESSAGES.token_failed;

const MAX_DESCRIPTION_LENGTH = 200;

/** The failure of an attempt that had no access token. `detail` follows the code's message. */
export const tokenFailure = (code: TokenFailureCode, detail?: string): Failure => {
  const message = FAILURE_MESSAGES.token_failed[code];
  return {
    outcome: 'token_failed',
    error: { code, message: detail === undefined ? message : `${message} (${detail})` },
  };
};

/** The failure of an attempt whose token request got no response: why, with the code of the reason. */
export function unreachable({ outcome, error: { code } }: Failure): Failure {
  if (outcome === 'blocked') return tokenFailure('TOKEN_SERVER_NOT_ALLOWED', code);
  if (!isReceiversFault(outcome, code)) return tokenFailure('TOKEN_NOT_REQUESTED', code);
  if (outcome === 'timeout') return tokenFailure('TOKEN_SERVER_TIMEOUT', code);
  if (outcome === 'tls_failed') return tokenFailure('TOKEN_SERVER_TLS_FAILED', code);
  if (outcome === 'invalid_response') return tokenFailure('TOKEN_RESPONSE_INVALID', code);
  return tokenFailure('TOKEN_SERVER_UNREACHABLE', code);
}

/** The failure of an attempt whose token request was refused: the status, and what the body says (RFC 6749 section 5.2). */
export function refused(
  statusCode: number,
  body: Record<string, unknown>,
  credentials: ClientCredentials,
): Failure {
  const error = shown(body.error, credentials);
  const description = shown(body.error_description, credentials);
  const words = [error, description].filter((text) => text !== undefined).join(': ');
  return tokenFailure('TOKEN_REFUSED', `status ${statusCode}${words && `, ${words}`}`);
}

/** A text of the token server that may be shown. Undefined: there is none, or it repeats the credentials. */
function shown(value: unknown, { clientId, clientSecret }: ClientCredentials): string | undefined {
  if (typeof value !== 'string') return undefined;
  const basic = Buffer.from(`${formEncoded(clientId)}:${formEncoded(clientSecret)}`).toString('base64');
  const secrets = [clientSecret, formEncoded(clientSecret), encodeURIComponent(clientSecret), basic];
  // Before anything is cut or replaced: a part of a secret is no longer recognized.
  if (secrets.some((secret) => value.includes(secret))) return undefined;
  const clean = value.replace(/[\p{C}\s]+/gu, ' ').trim();
  if (clean === '') return undefined;
  const characters = [...clean];
  return characters.length > MAX_DESCRIPTION_LENGTH
    ? `${characters.slice(0, MAX_DESCRIPTION_LENGTH).join('')}…`
    : clean;
}
