import type { Timeline } from '../../../sdk/typescript/src/models.ts';

export type RangeFigures = {
  accepted: number;
  attempts: number;
  /** Attempts without a 2xx response. */
  failed: number;
  delivered: number;
  undeliverable: number;
  /** From 0 to 1; null if nothing settled. */
  deliveredShare: number | null;
  /** Of the points of the range, the middle one; null if nothing was delivered. */
  latencyP95Ms: number | null;
};

/** What a timeline comes to. */
export function figuresOf({ accepted, attempts, deliveries, latencyMs }: Timeline): RangeFigures {
  const delivered = sum(deliveries.delivered);
  const undeliverable = sum(deliveries.undeliverable);
  const made = sum(Object.values(attempts).flatMap((values) => values ?? []));
  return {
    accepted: sum(accepted ?? []),
    attempts: made,
    failed: made - sum(attempts.delivered ?? []),
    delivered,
    undeliverable,
    deliveredShare: shareOf(delivered, undeliverable),
    latencyP95Ms: middleOf((latencyMs?.p95 ?? []).filter((value) => value !== null)),
  };
}

/** The delivered share, from 0 to 1; null if nothing settled. */
export const shareOf = (delivered: number, undeliverable: number): number | null =>
  delivered + undeliverable === 0 ? null : delivered / (delivered + undeliverable);

/** Never rounded up to 100 %: that would hide a failure. */
export function shareText(share: number | null): string {
  if (share === null) return '–';
  return `${(Math.floor(share * 10_000) / 100).toLocaleString(undefined, { maximumFractionDigits: 2 })} %`;
}

const sum = (values: number[]): number => values.reduce((total, n) => total + n, 0);

const middleOf = (values: number[]): number | null =>
  values.toSorted((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? null;
