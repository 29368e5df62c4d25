import { percentileMs } from '../../policy/percentiles.ts';
import type {
  EndpointActivity,
  EndpointPoint,
  EndpointTimes,
} from '../../store/statistics/read-endpoints.ts';
import { bucketCounts, valuesAt } from './timeline-response.ts';

/** Arranges the figures of endpoints by endpoint and point. */
export function endpointItems(
  at: Date[],
  endpoints: EndpointActivity[],
  { points, times }: { points: EndpointPoint[]; times: EndpointTimes[] },
) {
  const pointsOf = Map.groupBy(points, ({ endpoint }) => endpoint);
  const timesOf = Map.groupBy(times, ({ endpoint }) => endpoint);
  return endpoints.map(({ id, lastDeliveredAt, lastFailedAt }) => {
    const rows = pointsOf.get(id) ?? [];
    const buckets = bucketCounts(timesOf.get(id) ?? []);
    const attempts = valuesAt(
      at,
      rows.map((row) => ({ at: row.at, n: row.attempts })),
    );
    const failed = valuesAt(
      at,
      rows.map((row) => ({ at: row.at, n: row.failed })),
    );
    return {
      endpoint: id,
      attempts,
      failed,
      totals: {
        attempts: sum(attempts),
        failed: sum(failed),
        undeliverable: sum(rows.map(({ undeliverable }) => undeliverable)),
        p50Ms: percentileMs(buckets, 50),
        p95Ms: percentileMs(buckets, 95),
      },
      lastDeliveredAt,
      lastFailedAt,
    };
  });
}

const sum = (values: number[]): number => values.reduce((total, n) => total + n, 0);
