import type { Queryable } from '../../postgres/database.ts';

/*
 * An ordered receiver gets one delivery at a time, in the order of the sequences of its events. Its head is the first that
 * is open, whether it waits, is under way or is held; the others wait until the head has settled.
 *
 * Transactions commit in another order than they take their numbers in. So a head is sent only when no transaction can
 * store a lower number any more.
 */

/** SQL: the columns of the head of a receiver; no row if it has no open delivery. */
export const headOf = (receiver: string, columns: string): string => `
  SELECT ${columns} FROM deliveries
  WHERE receiver = ${receiver} AND in_order
  ORDER BY receiver, sequence, id LIMIT 1`;

/**
 * SQL: the head and those that may follow it one after the other, at most `most`: they are due, wait for a workflow as the
 * head does, have its policy, and no event can be stored between them. `nth` counts them; `head_due_at` is when the head was
 * due. No row if the head may not be sent now.
 */
export const lineOf = (receiver: string, most: string, completeSequence: string): string => `
  SELECT * FROM (
    SELECT *, bool_and(owner IS NULL AND due_at <= now() AND lane = 'restricted' AND sequence <= ${completeSequence}
                       AND policy = head_policy) OVER (ORDER BY nth) AS may_follow
    FROM (
      SELECT *, row_number() OVER line AS nth, first_value(policy) OVER line AS head_policy,
             first_value(due_at) OVER line AS head_due_at
      FROM (SELECT * FROM deliveries WHERE receiver = ${receiver} AND in_order
            ORDER BY receiver, sequence, id LIMIT ${most}) AS next_ones
      WINDOW line AS (ORDER BY sequence, id)
    ) AS numbered
  ) AS checked
  WHERE may_follow`;

const HEADS = `
  SELECT head.id FROM unnest($1::text[]) AS wanted (receiver) CROSS JOIN LATERAL (${headOf('wanted.receiver', 'id')}) AS head`;

/** Returns the ids of the heads of these receivers. */
export async function headsOf(db: Queryable, receivers: string[]): Promise<Set<string>> {
  const { rows } = await db.query<{ id: string }>({
    name: 'ordered-heads',
    text: HEADS,
    values: [receivers],
  });
  return new Set(rows.map(({ id }) => id));
}

/** SQL: `order` if delivery `d` waits for others to an ordered endpoint, otherwise null. */
export const waitsForTurn = (d: string): string => `
  CASE WHEN ${d}.ordered AND ${d}.status IN ('pending', 'retrying')
            AND (SELECT gate.ordered FROM receiver_gates gate WHERE gate.receiver = ${d}.receiver)
            AND ${d}.id <> (${headOf(`${d}.receiver`, 'id')})
       THEN 'order' END`;

// The number is read before this transaction gets its id. Whoever has taken a number up to it had got an id before that
// (see number-drafts.ts), so its id is lower.
const TAKE_MARK = `
  WITH taken AS MATERIALIZED (
    SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END AS sequence FROM event_sequence
  )
  SELECT taken.sequence::float8, pg_current_xact_id()::text AS xid FROM taken`;

const OLDEST_RUNNING = 'SELECT pg_snapshot_xmin(pg_current_snapshot())::text AS xid';

type Mark = { sequence: number; xid: bigint };

/** Returns the highest number below which no event can be stored any more, as far as this process knows. */
export type CompleteSequence = () => Promise<number>;

/** Each call looks again. With long transactions it takes several calls until a new event's number is complete. */
export function createCompleteSequence(db: Queryable): CompleteSequence {
  let complete = 0;
  let mark: Mark | null = null;
  let lastXid = 0n;

  return async () => {
    const { rows: taken } = await db.query<{ sequence: number; xid: string }>({
      name: 'take-sequence-mark',
      text: TAKE_MARK,
    });
    const newest = { sequence: taken[0]!.sequence, xid: BigInt(taken[0]!.xid) };
    // The database was replaced by a restored one.
    if (newest.xid < lastXid) {
      complete = 0;
      mark = null;
    }
    lastXid = newest.xid;
    const { rows: running } = await db.query<{ xid: string }>({
      name: 'oldest-running',
      text: OLDEST_RUNNING,
    });
    const oldest = BigInt(running[0]!.xid);
    for (const passed of [mark, newest])
      if (passed && oldest > passed.xid) {
        complete = passed.sequence;
        mark = null;
      }
    if (complete < newest.sequence) mark ??= newest;
    return complete;
  };
}
