import { PosthornError } from '../../../sdk/typescript/src/posthorn-error.ts';
import { ConfigError } from '../../config/config.ts';
import { CommandFailure } from './connection.ts';

/** The exit code and the sentence of a failure that a person can act on. Throws anything else: it is an error of ours. */
export function describeFailure(error: unknown): { exitCode: 2 | 3 | 4; message: string } {
  if (error instanceof CommandFailure) return error;
  if (error instanceof ConfigError) return { exitCode: 2, message: error.problems.join(' · ') };
  if (error instanceof PosthornError) {
    if (error.code === 'unexpected_response') return { exitCode: 4, message: error.message };
    if (error.code === 'invalid_query') return { exitCode: 3, message: invalidOptions(error) };
    const request = error.requestId === undefined ? '' : `, request ${error.requestId}`;
    return { exitCode: 3, message: `${error.message} (${error.code}${request})` };
  }
  // The connection broke within a response, or the response is not JSON and so not from Posthorn.
  if (error instanceof SyntaxError || isBrokenResponse(error))
    return { exitCode: 4, message: 'The response of the API is incomplete or not JSON.' };
  throw error;
}

/** The options have the names of the parameters. */
const invalidOptions = ({ errors, message, code }: PosthornError): string =>
  errors.length === 0
    ? message
    : `${errors.map(({ pointer, detail }) => `--${pointer} ${detail}`).join('; ')}. (${code})`;

const isBrokenResponse = (error: unknown): boolean =>
  error instanceof Error &&
  (error.name === 'TimeoutError' ||
    error.name === 'AbortError' ||
    (error instanceof TypeError && error.cause !== undefined));
