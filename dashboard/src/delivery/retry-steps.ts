/** Delays that have a name in the API. */
export const SCHEDULES: Record<'default' | 'three-days', string[]> = {
  default: ['1m', '5m', '30m', '2h'],
  'three-days': ['5s', '5m', '30m', '2h', '5h', '10h', '14h', '20h', '24h'],
};

const UNITS: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Seconds of a duration such as `30s` or `1h30m`, as the API writes them; undefined for other text. */
export function durationSeconds(text: string): number | undefined {
  const trimmed = text.trim();
  if (trimmed === '0') return 0;
  if (!/^(\d+[smhd])+$/.test(trimmed)) return undefined;
  return [...trimmed.matchAll(/(\d+)([smhd])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * UNITS[unit!]!,
    0,
  );
}

export type RetryStep = {
  /** Seconds after the attempt before. */
  delay: number;
  /** Seconds after the first attempt, if each one before fails at once. */
  after: number;
};

/** The attempts of a policy: the first, and one for each delay. Delays that are no durations are left out. */
export function retrySteps(delays: (string | number)[]): RetryStep[] {
  const steps: RetryStep[] = [{ delay: 0, after: 0 }];
  for (const text of delays) {
    const delay = typeof text === 'number' ? text : durationSeconds(text);
    if (delay !== undefined) steps.push({ delay, after: steps.at(-1)!.after + delay });
  }
  return steps;
}
