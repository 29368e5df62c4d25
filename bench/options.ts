import { parseArgs } from 'node:util';
import { SCENARIOS } from './measures/index.ts';
import { FIRST_ATTEMPTS, type FirstAttempt } from './processes/posthorn.ts';

export type BenchOptions = {
  /** In the order in which they run. */
  names: string[];
  seconds: number;
  minutes: number;
  rounds: number;
  events: number;
  firstAttempts: FirstAttempt[];
  json: boolean;
  profileDir: string | undefined;
};

const list = Object.entries(SCENARIOS).map(
  ([name, { takes, runByDefault }]) =>
    `    ${name.padEnd(18)} ${takes}${runByDefault ? '' : ' (only if named)'}`,
);
export const USAGE = `npm run bench -- [options]
  --only a,b             only these measures, in this order
  --seconds 30           duration of each load
  --first-attempt mode   only workflow or express; both without it
  --minutes 30           duration of the measure memory
  --rounds 4             rounds of the measures statistics and tracing
  --events 1000000       events of the measure months
  --json                 print JSON instead of tables
  --profile folder       write a CPU profile of Posthorn to this folder at each of its stops
  Measures, with the time that they take at --seconds 30 with both modes:
${list.join('\n')}
  Ratios to the bare pipeline and the bare engine are printed if these run earlier in the same run: --only bare,throughput.`;

/** Parses the command line. Returns a message about what is wrong with it, which is empty for --help. */
export function parseOptions(args: string[]): BenchOptions | { message: string } {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: 'string' },
      seconds: { type: 'string', default: '30' },
      minutes: { type: 'string', default: '30' },
      rounds: { type: 'string', default: '4' },
      events: { type: 'string', default: '1000000' },
      'first-attempt': { type: 'string' },
      json: { type: 'boolean', default: false },
      profile: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return { message: '' };
  const names =
    values.only?.split(',') ?? Object.keys(SCENARIOS).filter((name) => SCENARIOS[name]!.runByDefault);
  const unknown = names.filter((name) => !SCENARIOS[name]);
  if (unknown.length > 0) return { message: `Unknown measure: ${unknown.join(', ')}.` };
  const [seconds, minutes, rounds, events] = [
    ...[values.seconds, values.minutes, values.rounds, values.events].map(Number),
  ] as [number, number, number, number];
  if (!(seconds > 0 && minutes >= 2 && rounds >= 1))
    return { message: '--seconds must be positive, --minutes at least 2, and --rounds at least 1.' };
  if (!(events >= 10_000)) return { message: '--events must be at least 10000.' };
  const mode = values['first-attempt'];
  const firstAttempts = FIRST_ATTEMPTS.filter((name) => mode === undefined || name === mode);
  if (firstAttempts.length === 0) return { message: '--first-attempt must be workflow or express.' };
  return {
    ...{ names, seconds, minutes, rounds, events, firstAttempts },
    ...{ json: values.json, profileDir: values.profile },
  };
}
