import type { TimelineWindow } from '../../store/statistics/read-timeline.ts';
import type { Span } from '../../store/statistics/spans.ts';
import { keptMs } from '../../store/statistics/statistics-retention.ts';

export const STEPS = ['1m', '5m', '15m', '1h', '6h', '1d'] as const;
export type Step = (typeof STEPS)[number];

const MINUTES: Record<Step, number> = { '1m': 1, '5m': 5, '15m': 15, '1h': 60, '6h': 360, '1d': 1440 };
/** The spans that are added up for a step. */
const SPAN_OF: Record<Step, Span> = { '1m': 1, '5m': 5, '15m': 5, '1h': 60, '6h': 60, '1d': 1440 };

const MAX_POINTS = 400;
/** The most points when the step is not given. */
const FEW_POINTS = 180;
const MAX_DAYS = 400;
const MINUTE_MS = 60_000;

/** `now` and the times in milliseconds. `finest`: the shortest span that is kept for what is asked. */
export type WindowRequest = {
  from: number;
  to: number;
  step: Step | undefined;
  finest: Span;
  now: number;
  retentionMs: number;
};

export type StepWindow = TimelineWindow & { step: Step };

/**
 * The points of a request. From and to become the start of the first and the end of the last step. A step that is finer than
 * what is kept from that time on becomes the finest that is kept; without one it is the finest with at most 180 points.
 */
export function timelineWindow(request: WindowRequest): StepWindow | 'window_required' | 'too_many_points' {
  const { from, to, now, finest, retentionMs } = request;
  if (!(from < to) || to - from > MAX_DAYS * 24 * 60 * MINUTE_MS) return 'window_required';
  const isKept = (step: Step): boolean =>
    step === '1d' || (SPAN_OF[step] >= finest && from >= now - keptMs(SPAN_OF[step], retentionMs));
  const kept = STEPS.filter(isKept);
  const step =
    request.step === undefined
      ? (kept.find((candidate) => pointsOf(candidate, from, to) <= FEW_POINTS) ?? '1d')
      : kept.find((candidate) => MINUTES[candidate] >= MINUTES[request.step!])!;
  const stepMs = MINUTES[step] * MINUTE_MS;
  // One more if the first and the last are covered in part.
  if (Math.ceil((to - from) / stepMs) > MAX_POINTS) return 'too_many_points';
  return {
    step,
    stepMinutes: MINUTES[step],
    span: SPAN_OF[step],
    from: new Date(Math.floor(from / stepMs) * stepMs),
    to: new Date(Math.ceil(to / stepMs) * stepMs),
  };
}

function pointsOf(step: Step, from: number, to: number): number {
  const stepMs = MINUTES[step] * MINUTE_MS;
  return Math.ceil(to / stepMs) - Math.floor(from / stepMs);
}

/** The start of each point. */
export function pointsIn({ from, to, stepMinutes }: TimelineWindow): Date[] {
  const stepMs = stepMinutes * MINUTE_MS;
  const count = (to.getTime() - from.getTime()) / stepMs;
  return Array.from({ length: count }, (_, index) => new Date(from.getTime() + index * stepMs));
}
