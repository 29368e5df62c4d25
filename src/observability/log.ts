import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { createLineWriter, type LineWriter } from './line-writer.ts';

export type { Logger } from 'pino';

/** Names under which secrets and tenants' content travel through the code: never written, up to two levels deep. */
const NEVER_LOGGED = [
  'authorization',
  'body',
  'connectionString',
  'cookie',
  'data',
  'headers',
  'key',
  'keys',
  'password',
  'payload',
  'plain',
  'secret',
  'secrets',
];
const REDACTED_PATHS = NEVER_LOGGED.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]);

export type LoggedError = { type: string; message: string; code?: string; stack?: string; causes?: string[] };

const codeOf = (error: object): string | undefined =>
  'code' in error && (typeof error.code === 'string' || typeof error.code === 'number')
    ? String(error.code)
    : undefined;

/** Type and code of each cause; their messages and fields can hold a request, an address or a row. */
function causesOf(error: Error): string[] {
  const causes: string[] = [];
  for (let cause = error.cause; cause instanceof Error && causes.length < 5; cause = cause.cause) {
    causes.push([cause.name, codeOf(cause)].filter(Boolean).join(' '));
  }
  return causes;
}

/** What a log line says of an error. Other fields of it (a query's parameters, a response) are left out. */
export function loggedError(error: unknown): LoggedError {
  if (!(error instanceof Error))
    return { type: typeof error, message: 'something other than an error was thrown' };
  const code = codeOf(error);
  const causes = causesOf(error);
  return {
    type: error.name,
    message: error.message,
    ...(code === undefined ? {} : { code }),
    ...(error.stack === undefined ? {} : { stack: error.stack }),
    ...(causes.length === 0 ? {} : { causes }),
  };
}

/** Standard output for the log of `name` and for what is said to a person: one writer, so that lines stay whole. */
export const createStdoutWriter = (name = 'posthorn'): LineWriter =>
  createLineWriter({
    formatLostNotice: (lines) => {
      const time = new Date().toISOString();
      const said = { level: 'error', time, name, pid: process.pid, lines, msg: 'lines of the log were lost' };
      return `${JSON.stringify(said)}\n`;
    },
  });

/**
 * A logger of JSON lines to `destination`, by default standard output. Give errors as `err`, and requests, events
 * and workflows by their ids: `log.info({ requestId, eventId, workflowId }, 'text')`.
 */
export function createLogger(
  { level, name }: { level: string; name: string },
  destination: DestinationStream = createStdoutWriter(name),
): Logger {
  const options = {
    level,
    base: { name, pid: process.pid },
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: loggedError, error: loggedError },
    redact: { paths: REDACTED_PATHS, censor: '[redacted]' },
  };
  return pino(options, destination);
}
