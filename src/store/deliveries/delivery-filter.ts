import type { DeliveryStatus, Outcome } from '../../policy/outcome.ts';
import { allOf } from '../postgres/pages.ts';
import type { Scope } from '../scope.ts';

export type DeliveryFilter = {
  statuses?: readonly DeliveryStatus[] | undefined;
  /** Only deliveries that need attention. */
  attention?: boolean | undefined;
  endpoint?: string | undefined;
  event?: string | undefined;
  consumer?: string | undefined;
  /** Inclusive. */
  since?: Date | undefined;
  /** Exclusive. */
  until?: Date | undefined;
  /** Of the last attempt. */
  outcome?: Outcome | undefined;
  statusCode?: number | undefined;
  errorCode?: string | undefined;
  /** Of the event. */
  type?: string | undefined;
  /** Only of events that have all of these. */
  attributes?: Record<string, string> | undefined;
  /** Only of events with these bytes in their body. */
  contains?: Buffer | undefined;
};

/** Whether the filter names what no index does, so that rows are looked at that do not match. */
export const isSearch = ({
  type,
  attributes,
  contains,
  outcome,
  statusCode,
  errorCode,
}: DeliveryFilter): boolean =>
  [type, attributes, contains, outcome, statusCode, errorCode].some((value) => value !== undefined);

/** The most deliveries that one statement of a search looks at: the bodies of 200 events may be 200 MB, about 1 s. */
export const rowsAtOnce = ({ contains }: DeliveryFilter): number | undefined =>
  contains === undefined ? undefined : 200;

// $1 project, $2 consumer, $3 since when the consumer exists, $4 statuses, $5 endpoint, $6 event, $7 deliveries on a page,
// $8 the id to go on before, $9 rows to scan in a range, $10 the lowest id, $11 outcome, $12 status code, $13 since, $14 until,
// $15 type, $16 attributes, $17 bytes of the body, $18 the endpoints of the consumer, $19 error code.
export const LIST_PARAMETERS = [
  ...['text', 'text', 'timestamptz', 'text[]', 'text', 'text', 'int', 'text', 'int', 'text'],
  ...['text', 'int', 'timestamptz', 'timestamptz', 'text', 'jsonb', 'bytea', 'text[]', 'text'],
];

/** SQL: whether delivery `d` matches. Its parameters are those above. */
export function conditionsOf(filter: DeliveryFilter, { consumer, since: ownSince }: Scope): string {
  const { statuses, attention = false, endpoint, event, since, until } = filter;
  const { outcome, statusCode, errorCode, type, attributes, contains } = filter;
  // OFFSET 0 keeps Postgres from reading all events that match, to compare the deliveries with them.
  const ofEvent = `EXISTS (
    SELECT FROM events e
    WHERE e.project_id = d.project_id AND e.id = d.event_id AND ${allOf([
      // The delivery itself may be newer than the consumer, if it repeats another.
      Boolean(ownSince) && 'e.created_at >= $3',
      type !== undefined && 'e.type = $15',
      attributes !== undefined && 'e.attributes @> $16',
      contains !== undefined && 'position($17 IN e.body) > 0',
    ])} OFFSET 0)`;
  return allOf([
    'd.project_id = $1',
    consumer !== null && 'd.consumer = $2',
    statuses !== undefined && 'd.status = ANY ($4)',
    endpoint !== undefined && 'd.endpoint_id = $5',
    event !== undefined && 'd.event_id = $6',
    attention && 'd.needs_attention',
    outcome !== undefined && 'd.last_outcome = $11',
    statusCode !== undefined && 'd.last_status_code = $12',
    errorCode !== undefined && 'd.last_error_code = $19',
    since !== undefined && 'd.created_at >= $13',
    until !== undefined && 'd.created_at < $14',
    Boolean(ownSince ?? type ?? attributes ?? contains) && ofEvent,
  ]);
}
