import type pg from 'pg';
import { serializePolicy } from '../../../src/policy/retry-policy.ts';
import { newId } from '../../../src/store/postgres/ids.ts';

const POLICY = serializePolicy({ delays: [60], timeout: 15, jitter: 0 });

const INSERT = `
  WITH failed AS (
    SELECT * FROM unnest($3::text[], $4::text[]) AS failed (event_id, delivery_id)
  ), event AS (
    INSERT INTO events (project_id, id, type, consumer, attributes, data, body, content_hash, profile, profile_version, status,
                        delivery_count, open_count, undeliverable_count, created_at, settled_at)
    SELECT $1, event_id, 'render.completed', $5, '{}', '{}', convert_to('{"id":"' || event_id || '"}', 'UTF8'), '',
           'standard-webhooks', 1, 'undeliverable', 1, 0, 1, now() - interval '1 hour', now()
    FROM failed
  )
  INSERT INTO deliveries (id, project_id, event_id, endpoint_id, receiver, consumer, policy, status, attempts, last_outcome,
                          last_status_code, reason, settled_at, created_at)
  SELECT delivery_id, $1, event_id, $2, $2, $5, '${POLICY}', 'undeliverable', 2, 'rejected', 503, 'exhausted', now(),
         now() - interval '1 hour'
  FROM failed`;

/** Stores events of an hour ago whose deliveries to the endpoint are undeliverable. Returns the ids of the deliveries. */
export async function stageFailures(
  pool: pg.Pool,
  { project, endpoint, consumer = null }: { project: string; endpoint: string; consumer?: string | null },
  count: number,
): Promise<string[]> {
  const at = Date.now() - 3_600_000;
  const ids: string[] = [];
  for (let left = count; left > 0; left -= 5_000) {
    const batch = Array.from({ length: Math.min(left, 5_000) }, () => newId('dlv', at)).sort();
    const events = batch.map(() => newId('evt', at));
    await pool.query(INSERT, [project, endpoint, events, batch, consumer]);
    ids.push(...batch);
  }
  return ids;
}
