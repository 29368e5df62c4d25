import type { Backlog, Endpoint, EndpointFigures } from '../../../../sdk/typescript/src/models.ts';
import { type OpenDeliveries, openOf } from '../../endpoint/open-deliveries.ts';
import { shareOf } from '../../statistics/timeline-figures.ts';

export type EndpointRow = {
  endpoint: Endpoint;
  /** Undefined until they are loaded. */
  figures: EndpointFigures | undefined;
  /** Of what settled in 24 hours; null if nothing did. */
  deliveredShare: number | null;
  open: OpenDeliveries | undefined;
};

export const SORTS = {
  failed: 'Most failed attempts',
  p95: 'Slowest',
  open: 'Most open',
} as const;
export type Sort = keyof typeof SORTS;
export const isSort = (text: string | undefined): text is Sort => text !== undefined && text in SORTS;

/** Whether it fits the state, which is the API's, or `failing`, which the API cannot filter by. */
export const hasState = ({ status, health }: Endpoint, state: string | undefined): boolean =>
  state === 'failing' ? status === 'active' && health.status !== 'healthy' : !state || status === state;

export function rowsOf(
  endpoints: Endpoint[],
  figures: EndpointFigures[],
  backlog: Backlog | undefined,
  sort: Sort | undefined,
): EndpointRow[] {
  const figuresOf = new Map(figures.map((one) => [one.endpoint, one]));
  const rows = endpoints.map((endpoint): EndpointRow => {
    const found = figuresOf.get(endpoint.id);
    const totals = found?.totals;
    return {
      endpoint,
      figures: found,
      deliveredShare: totals ? shareOf(totals.attempts - totals.failed, totals.undeliverable) : null,
      open: openOf(backlog, endpoint.id),
    };
  });
  // Without a choice, what fails stands first. The figures come later, and must not move the rows.
  const key = sort ? KEYS[sort] : ({ endpoint }: EndpointRow) => (hasState(endpoint, 'failing') ? 1 : 0);
  return rows.toSorted((a, b) => key(b) - key(a));
}

const KEYS: Record<Sort, (row: EndpointRow) => number> = {
  failed: ({ figures }) => figures?.totals.failed ?? 0,
  p95: ({ figures }) => figures?.totals.p95Ms ?? 0,
  open: ({ open }) => (open?.isExact ? open.count : 0),
};
