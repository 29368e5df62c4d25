import { allOf } from '../postgres/pages.ts';

export const OUTCOME_KINDS = [
  'attempt.failed',
  'delivery.delivered',
  'delivery.undeliverable',
  'delivery.cancelled',
  'event.settled',
] as const;
export type OutcomeKind = (typeof OUTCOME_KINDS)[number];

/** Which outcomes of its scope a stream has. A member that is left out does not restrict it. */
export type OutcomeFilter = {
  /** Outcomes of events have no endpoint, so they never match. */
  endpoints?: readonly string[] | undefined;
  consumers?: readonly string[] | undefined;
  kinds?: readonly OutcomeKind[] | undefined;
};

export const isRestricted = ({ endpoints, consumers, kinds }: OutcomeFilter): boolean =>
  [endpoints, consumers, kinds].some((list) => list !== undefined);

const includes = (list: readonly string[] | undefined, value: string | null): boolean =>
  list === undefined || (value !== null && list.includes(value));

/** Whether an outcome belongs to the stream of a consumer (null: of the project) with this filter. */
export const matchesFilter =
  (consumer: string | null, { endpoints, consumers, kinds }: OutcomeFilter) =>
  (row: { consumer: string | null; endpoint_id: string | null; kind: string }): boolean =>
    (consumer === null || row.consumer === consumer) &&
    includes(endpoints, row.endpoint_id) &&
    includes(consumers, row.consumer) &&
    includes(kinds, row.kind);

/** SQL: the same for a row of `outcomes`, with the endpoints in $8, the consumers in $9 and the kinds in $10. */
export const conditionsOf = ({ endpoints, consumers, kinds }: OutcomeFilter): string =>
  allOf([
    endpoints !== undefined && 'endpoint_id = ANY ($8)',
    consumers !== undefined && 'consumer = ANY ($9)',
    kinds !== undefined && 'kind = ANY ($10)',
  ]);
