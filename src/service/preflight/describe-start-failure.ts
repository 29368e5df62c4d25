import type { Config } from '../../config/config.ts';
import { isFileError } from '../../embedded/data-dir/data-dir.ts';
import { describeFileError, errorCodeOf, StartFailure } from '../start-failure.ts';
import { describeListenError, listenersOf } from './check-ports.ts';

/** The message to print when a command fails: for people, without a stack trace. */
export function describeStartFailure(error: unknown, config: Config): string {
  if (error instanceof StartFailure || !(error instanceof Error)) return messageOf(error);
  const listener = 'port' in error && listenersOf(config).find(({ port }) => port === error.port);
  if (listener && 'syscall' in error && error.syscall === 'listen')
    return describeListenError(listener, errorCodeOf(error) ?? error.message);
  if (isFileError(error) && 'path' in error) return `${error.path}: ${describeFileError(error)}`;
  return messageOf(error);
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
