import type { Span, Tone } from '../output/lines.ts';

const TONES: Record<string, Tone> = {
  delivered: 'good',
  undeliverable: 'bad',
  retrying: 'waiting',
  held: 'waiting',
  pending: 'waiting',
  running: 'waiting',
  paused: 'waiting',
  done: 'good',
  cancelled: 'dim',
  unrouted: 'dim',
};

/** The status of an event, a delivery or a recovery, or the outcome of an attempt, in its colour. */
export const statusSpan = (status: string, text = status): Span => ({ text, tone: TONES[status] ?? 'bad' });
