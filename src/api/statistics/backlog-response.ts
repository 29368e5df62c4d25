import { DUE_STEP_MINUTES, DUE_WITHIN_MINUTES } from '../../store/statistics/measure-backlog.ts';
import type { Backlog } from '../../store/statistics/read-backlog.ts';

const STEP_SECONDS = DUE_STEP_MINUTES * 60;

/** The response of `GET /v1/backlog`. What was due before it was counted is in the first five minutes. */
export function backlogResponse(measured: { measuredAt: Date; backlog: Backlog } | null) {
  if (!measured)
    return {
      ...{ measuredAt: null, pending: 0, retrying: 0, held: 0, oldestOpenAt: null },
      ...{ oldestUnattemptedSeconds: null, due: [], endpoints: [] },
    };
  const { measuredAt, backlog } = measured;
  const { due, oldestUnattemptedAt, ...counts } = backlog;
  const first = Math.floor(measuredAt.getTime() / 1000 / STEP_SECONDS) * STEP_SECONDS;
  const steps = Array.from(
    { length: DUE_WITHIN_MINUTES / DUE_STEP_MINUTES },
    (_, n) => first + n * STEP_SECONDS,
  );
  const overdue = [...due].reduce((sum, [second, n]) => (second < first ? sum + n : sum), 0);
  return {
    measuredAt,
    ...counts,
    oldestUnattemptedSeconds:
      oldestUnattemptedAt && Math.max(0, (measuredAt.getTime() - oldestUnattemptedAt.getTime()) / 1000),
    due: steps.map((second, n) => ({
      at: new Date(second * 1000),
      deliveries: (due.get(second) ?? 0) + (n === 0 ? overdue : 0),
    })),
  };
}
