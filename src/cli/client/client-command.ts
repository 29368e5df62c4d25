import { Command, Help, type Option } from 'commander';
import { PosthornClient } from '../../../sdk/typescript/src/client.ts';
import { readConfig } from '../../config/config.ts';
import { watchStopSignals } from '../stop-signals.ts';
import { describeFailure } from './client-failure.ts';
import { createClientFetch } from './client-fetch.ts';
import { createOutput, type Output } from './output/output.ts';
import { type ProjectConnectionOptions, projectConnectionOf } from './project-connection.ts';

export type ClientOptions = ProjectConnectionOptions & { json?: true };
export type ClientContext = {
  client: PosthornClient;
  output: Output;
  /** For a last call after Ctrl-C; it takes a few seconds at most. */
  uninterrupted: PosthornClient;
  /** The address of the API. */
  url: string;
  /** Aborts on Ctrl-C, and when nobody reads the output any more. */
  interrupted: AbortSignal;
  /** Another client with the same connection, whose fetch is wrapped. */
  connect(wrap: (fetch: typeof globalThis.fetch) => typeof globalThis.fetch): PosthornClient;
};
/** 0: done, and delivered if that was asked for; 1: not delivered; 2: nothing done without --yes; 3: partly refused. */
export type ExitCode = 0 | 1 | 2 | 3;

const LAST_CALL_MS = 3_000;

/** In the help, these stand below the options of the command itself. */
const LAST_OPTIONS = ['--url', '--key', '--project', '--json', '--help'];
const placeOf = ({ long }: Option): number => LAST_OPTIONS.indexOf(long ?? '');

/** A command with the options of all clients. It exits with 2 if it is called wrongly. */
export function clientCommand(name: string, description: string): Command {
  return withUsageExit(new Command(name))
    .description(description)
    .configureHelp({
      visibleOptions: (command) =>
        new Help().visibleOptions(command).toSorted((a, b) => placeOf(a) - placeOf(b)),
    })
    .option('--url <url>', 'address of the API (default: POSTHORN_URL, else that of "posthorn start")')
    .option('--key <key>', 'project or consumer key (default: POSTHORN_KEY, else that of "posthorn start")')
    .option('--project <id>', 'the project, with the admin key')
    .option('--json', 'print one JSON object a line; always the case where the output is no terminal');
}

export const withUsageExit = (command: Command): Command =>
  command
    .helpOption('-h, --help', 'print this help')
    .helpCommand(false)
    .showHelpAfterError('(--help lists the options)')
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));

/** Connects, does the work, and sets the exit code of the process: that of the work, of its failure, or 130 on Ctrl-C. */
export async function runClientCommand(
  name: string,
  options: ClientOptions,
  work: (context: ClientContext) => Promise<ExitCode>,
): Promise<void> {
  const stop = watchStopSignals();
  const unread = new AbortController();
  process.stdout.on('error', () => unread.abort());
  const interrupted = AbortSignal.any([stop.signal, unread.signal]);
  const output = createOutput(process, { json: options.json ?? false, env: process.env });
  try {
    const { url, key, project } = projectConnectionOf(
      options,
      process.env,
      readConfig(process.env, 'client'),
    );
    const baseFetch = createClientFetch(url, interrupted);
    const connection = { url, apiKey: key, ...(project !== undefined && { project }) };
    const code = await work({
      client: new PosthornClient({ ...connection, fetch: baseFetch }),
      uninterrupted: new PosthornClient({ ...connection, timeoutMs: LAST_CALL_MS }),
      url,
      output,
      interrupted,
      connect: (wrap) => new PosthornClient({ ...connection, fetch: wrap(baseFetch) }),
    });
    process.exitCode = stop.exitCode() || code;
  } catch (error) {
    if (interrupted.aborted) {
      process.exitCode = stop.exitCode();
      return;
    }
    const { exitCode, message } = describeFailure(error);
    process.exitCode = exitCode;
    output.note(`posthorn ${name}: ${message}`);
  }
}
