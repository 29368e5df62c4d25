import type { Backlog, Failures, Readiness } from '../../../../sdk/typescript/src/models.ts';
import { counted } from '../../kit/text/counted.ts';
import { duration } from '../../kit/time/time.ts';

/** Deliveries that are due begin within seconds if a worker runs. */
const UNATTEMPTED_SECONDS = 60;

export type Verdict = {
  tone: 'good' | 'warn' | 'bad';
  text: string;
  /** The time that ends the sentence. */
  at?: string;
  /** Whether the screen Attention has more. */
  needsYou?: true;
};

export type VerdictFacts = {
  readiness: Readiness | null | undefined;
  backlog: Backlog;
  failures: Failures;
  delivered: number;
  now: number;
};

/** Whether all is well, in one sentence. What stops everything comes before what stops one endpoint. */
export function verdictOf({ readiness, backlog, failures, delivered, now }: VerdictFacts): Verdict {
  const outage = outageText(readiness);
  if (outage) return { tone: 'bad', text: outage };
  const waited = backlog.oldestUnattemptedSeconds ?? 0;
  if (waited > UNATTEMPTED_SECONDS)
    return {
      tone: 'bad',
      text: `No worker keeps up: a delivery that is due has waited ${duration(waited * 1_000)} for its first attempt.`,
    };
  return failureVerdict(failures) ?? wellVerdict(backlog, delivered, now);
}

/** What cannot be reached, and what that means. */
export function outageText(readiness: Readiness | null | undefined): string | undefined {
  const isDown = (name: string): boolean => readiness?.components[name]?.ok === false;
  if (isDown('postgres')) return 'Postgres cannot be reached: no event is accepted or delivered.';
  if (isDown('temporal')) return 'Temporal cannot be reached: retries wait until it is back.';
  return undefined;
}

function failureVerdict({ items, complete }: Failures): Verdict | undefined {
  const failed = items.filter(({ state }) => state === 'undeliverable');
  const groups = failed.length > 0 ? failed : items;
  if (groups.length === 0) return undefined;
  const endpoints = new Set(groups.map(({ endpoint }) => endpoint)).size;
  const deliveries = groups.reduce((sum, group) => sum + group.deliveries, 0);
  const at = groups.map(({ firstAt }) => firstAt).sort()[0]!;
  const count = `${deliveries.toLocaleString()}${complete ? '' : ' or more'} ${deliveries === 1 ? 'delivery' : 'deliveries'}`;
  return failed.length > 0
    ? {
        tone: 'bad',
        text: `${counted(endpoints, 'endpoint needs', 'endpoints need')} you: ${count} failed, the first`,
        at,
        needsYou: true,
      }
    : {
        tone: 'warn',
        text: `${counted(endpoints, 'endpoint fails', 'endpoints fail')}: ${count} ${deliveries === 1 ? 'is' : 'are'} being retried, the first`,
        at,
        needsYou: true,
      };
}

function wellVerdict({ oldestOpenAt }: Backlog, delivered: number, now: number): Verdict {
  const open =
    oldestOpenAt === null
      ? 'nothing is open.'
      : `the oldest open delivery is ${duration(Math.max(0, now - Date.parse(oldestOpenAt)))} old.`;
  return { tone: 'good', text: `All is well: ${delivered.toLocaleString()} delivered, ${open}` };
}
