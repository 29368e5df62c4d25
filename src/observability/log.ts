import { type DestinationStream, type Logger, pino, stdTimeFunctions } from 'pino';
import { createLineWriter, type LineWriter } from './line-writer.ts';

export type { Logger } from 'pino';

/** Names of members that contain secrets or tenants' data. They are redacted, up to two levels deep. */
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

/** Type and code of each cause. Their messages and members may contain a request, an address or a row. */
function causesOf(error: Error): string[] {
  const causes: string[] = [];
  for (let cause = error.cause; cause instanceof Error && causes.length < 5; cause = cause.cause) {
    causes.push([cause.name, codeOf(cause)].filter(Boolean).join(' '));
  }
  return causes;
}

/** The members of an error that are logged. Others, such as query parameters or a response, are left out. */
function loggedError(error: unknown): LoggedError {
  if (!(error instanceof Error)) return { type: typeof error, message: 'the thrown value is not an error' };
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

/** The one writer to standard output, for the log of `name` and for messages to the user, so that lines stay whole. */
export const createStdoutWriter = (name = 'posthorn'): LineWriter =>
  createLineWriter({
    formatLostNotice: (lines) => {
      const time = new Date().toISOString();
      const entry = { level: 'error', time, name, pid: process.pid, lines, msg: 'log lines were lost' };
      return `${JSON.stringify(entry)}\n`;
    },
  });

/**
 * Creates a logger of JSON lines to `destination`, by default standard output. Pass errors as `err`, and requests, events
 * and workflows by id: `log.info({ requestId, eventId, workflowId }, 'text')`.
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
