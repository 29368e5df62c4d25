import { CommandFailure } from './connection.ts';
import { parseSpan, parseTime } from './output/times.ts';

/** An ISO time or a time span before now, as an ISO time. Throws a CommandFailure if it is neither. */
export function timeOf(option: string, text: string): string {
  const time = parseTime(text, Date.now());
  if (time !== undefined) return time;
  throw new CommandFailure(
    2,
    `${option} ${text} is neither a time such as 2026-11-21T09:00:00Z nor 10m, 24h or 7d.`,
  );
}

const DEFAULT_WAIT = '10s';

/** What --wait says, as its text and in milliseconds. Undefined without it. Throws a CommandFailure if it is no time span. */
export function waitOf(wait: string | true | undefined): { text: string; ms: number } | undefined {
  if (wait === undefined) return undefined;
  const text = wait === true ? DEFAULT_WAIT : wait;
  const ms = parseSpan(text);
  if (ms !== undefined) return { text, ms };
  throw new CommandFailure(2, `--wait ${text} is not a time such as 10s.`);
}
