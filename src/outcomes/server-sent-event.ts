import { formatCursor, type OutcomeRow } from '../store/outcomes/outcomes.ts';

// All streams of a project share a row, so its text is cached.
const texts = new WeakMap<OutcomeRow, string>();

/** Formats an outcome as a server-sent event (WHATWG HTML, section 9.2). Formatted once for all streams. */
export function formatServerSentEvent(database: string, row: OutcomeRow): string {
  const text = texts.get(row) ?? textOf(database, row);
  texts.set(row, text);
  return text;
}

function textOf(database: string, row: OutcomeRow): string {
  const id = formatCursor({ database, xid: row.xid, seq: row.seq });
  const data = {
    id,
    at: row.at.toISOString(),
    event: row.event_id,
    ...(row.delivery_id && { delivery: row.delivery_id }),
    ...(row.endpoint_id && { endpoint: row.endpoint_id }),
    consumer: row.consumer,
    status: row.status,
    ...(row.outcome && { outcome: row.outcome }),
    ...(row.attempt !== null && { attempt: row.attempt }),
    ...(row.next_attempt_at && { nextAttemptAt: row.next_attempt_at.toISOString() }),
    ...(row.reason && { reason: row.reason }),
  };
  return `id: ${id}\nevent: ${row.kind}\ndata: ${JSON.stringify(data)}\n\n`;
}
