import type pg from 'pg';

const POLICY = JSON.stringify({ delays: [60], timeout: 15, jitter: 0 });

const INSERT_CARRIED = `
  WITH numbered AS (
    SELECT n, 'carried-' || n AS id FROM generate_series(1, $4::int) AS n
  ), event AS (
    INSERT INTO events (project_id, id, type, attributes, data, body, content_hash, profile, profile_version, status,
                        delivery_count, open_count, created_at)
    SELECT $1, id, 'a.b', '{}', '{}', '{"type":"a.b","data":{}}', '', 'standard-webhooks', 1, 'pending', 1, 1, now()
    FROM numbered
  ), listed AS (
    INSERT INTO assigned_first_attempts (delivery_id) SELECT 'dlv_' || n FROM numbered
  )
  INSERT INTO deliveries (id, project_id, event_id, endpoint_id, receiver, policy, status, owner, workflow_id, due_at,
                          created_at)
  SELECT 'dlv_' || n, $1, id, $2, $2, $3, 'pending', 'event/' || $1 || '/' || id, 'event/' || $1 || '/' || id,
         now() + CASE WHEN n % 100 < $5::int THEN $6::float8 ELSE 0 END * interval '1 millisecond', now()
  FROM numbered`;

/**
 * Deliveries as they stand while each is carried by a workflow of its own, `event/<project>/carried-<n>`. Of each
 * hundred `laterPercent` are due in `laterMs`, the others now.
 */
export async function insertAssignedDeliveries(
  pool: pg.Pool,
  projectId: string,
  endpointId: string,
  { count, laterPercent = 0, laterMs = 0 }: { count: number; laterPercent?: number; laterMs?: number },
): Promise<void> {
  await pool.query(INSERT_CARRIED, [projectId, endpointId, POLICY, count, laterPercent, laterMs]);
}
