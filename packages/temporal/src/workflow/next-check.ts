/** An attempt that begins on time has usually ended by then. */
const MARGIN_MS = 5_000;
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 6 * 3_600_000;

/** With the shortest waits between them, a week. */
export const MAX_CHECKS = 40;

/**
 * Returns how long to wait before the next check. An event settles with its last open delivery, so no earlier than that
 * delivery's next attempt. The least wait doubles with each check, so that short delays and held deliveries cost few actions.
 */
export function msUntilNextCheck(checks: number, nextAttemptAt: string | null, now: number): number {
  const least = FIRST_WAIT_MS * 2 ** checks;
  const due = nextAttemptAt === null ? 0 : Date.parse(nextAttemptAt) + MARGIN_MS - now;
  return Math.min(Math.max(least, due), LONGEST_WAIT_MS);
}
