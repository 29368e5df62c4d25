import { allOf } from '../postgres/pages.ts';

/** What a bulk call is about. Null: not restricted. Times are when deliveries were created, or events for what is missing. */
export type BulkFilter = {
  endpoint: string | null;
  consumer: string | null;
  type: string | null;
  /** Of the last attempt. */
  outcome: string | null;
  statusCode: number | null;
  errorCode: string | null;
  /** Inclusive. */
  since: Date;
  /** Exclusive. */
  until: Date;
  /** Older events belong to a deleted consumer with the same id. */
  eventsSince: Date | null;
};

/** SQL: whether the delivery `d` fits a filter, whose values are in `json`. What the filter leaves out is not compared. */
export function fitsFilter(filter: BulkFilter, json: string): string {
  const { endpoint, consumer, type, outcome, statusCode, errorCode, eventsSince } = filter;
  const ofEvent = `EXISTS (
    SELECT FROM events e
    WHERE e.project_id = d.project_id AND e.id = d.event_id AND ${allOf([
      type !== null && `e.type = ${json}->>'type'`,
      eventsSince !== null && `e.created_at >= (${json}->>'eventsSince')::timestamptz`,
    ])})`;
  return allOf([
    endpoint !== null && `d.endpoint_id = ${json}->>'endpoint'`,
    consumer !== null && `d.consumer = ${json}->>'consumer'`,
    outcome !== null && `d.last_outcome = ${json}->>'outcome'`,
    statusCode !== null && `d.last_status_code = (${json}->>'statusCode')::int`,
    errorCode !== null && `d.last_error_code = ${json}->>'errorCode'`,
    `d.created_at >= (${json}->>'since')::timestamptz`,
    `d.created_at < (${json}->>'until')::timestamptz`,
    (type !== null || eventsSince !== null) && ofEvent,
  ]);
}
