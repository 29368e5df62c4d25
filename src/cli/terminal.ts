import { type Command, type Config, ConfigError, readConfig } from '../config/config.ts';
import { createStdoutWriter } from '../observability/log.ts';

/** Standard output of commands that run on: a reader that has gone, or a full disk, loses lines and stops nothing. */
export const output = createStdoutWriter();
process.on('exit', output.flush);
// Without a listener a reader that has gone would end the process.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

/** Beside the log, for commands that run on. */
export const printOrDrop = (line: string): void => output.write(`${line}\n`);
/** For commands whose output is what they are for: it waits for its reader. */
export const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** The configuration of the environment; where it has problems they are printed, and the process ends. */
export function readConfigOrExit(command: Command): Config {
  try {
    return readConfig(process.env, command);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
