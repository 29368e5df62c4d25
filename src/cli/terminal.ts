import { type Command, type Config, ConfigError, readConfig } from '../config/config.ts';
import { createStdoutWriter } from '../observability/log.ts';

/** Standard output of long-running commands: if its reader exits or the disk is full, lines are lost and nothing stops. */
export const stdout = createStdoutWriter();
process.on('exit', stdout.flush);
// Without a listener, a reader that exits would end the process.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

/** For long-running commands, between the lines of the log. */
export const printOrDrop = (line: string): void => stdout.write(`${line}\n`);
/** For commands whose purpose is their output: it waits for its reader. */
export const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** The configuration from the environment. If it has problems, they are printed and the process exits with code 1. */
export function readConfigOrExit(command: Command): Config {
  try {
    return readConfig(process.env, command);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
