import { PosthornError } from '../../../sdk/typescript/src/posthorn-error.ts';
import { ConfigError } from '../../config/config.ts';
import { CommandFailure } from './connection.ts';

/** The exit code and the sentence of a failure that a person can act on. Throws anything else: it is an error of ours. */
export function describeFailure(error: unknown): { exitCode: 2 | 3 | 4; message: string } {
  if (error instanceof CommandFailure) return error;
  if (error instanceof ConfigError) return { exitCode: 2, message: error.problems.join(' · ') };
  if (error instanceof PosthornError) {
    if (error.code === 'unexpected_response') return { exitCode: 4, message: error.message };
    const request = error.requestId === undefined ? '' : `, request ${error.requestId}`;
    return { exitCode: 3, message: `${reasonOf(error)} (${error.code}${request})` };
  }
  // The connection broke within a response, or the response is not JSON and so not from Posthorn.
  if (error instanceof SyntaxError || isBrokenResponse(error))
    return { exitCode: 4, message: 'The response of the API is incomplete or not JSON.' };
  throw error;
}

/** What is wrong in the call. Without the help of the API, which tells programs where to read it. */
function reasonOf({ code, errors, message }: PosthornError): string {
  if (errors.length === 0 || (code !== 'invalid_query' && code !== 'invalid_body')) return message;
  // Options have the names of parameters.
  const nameOf = (pointer: string): string =>
    code === 'invalid_query' ? `--${pointer}` : pointer.replace(/^\//, '') || 'the body';
  return `${errors.map(({ pointer, detail }) => `${nameOf(pointer)} ${detail}`).join('; ')}.`;
}

const isBrokenResponse = (error: unknown): boolean =>
  error instanceof Error &&
  (error.name === 'TimeoutError' ||
    error.name === 'AbortError' ||
    (error instanceof TypeError && error.cause !== undefined));
