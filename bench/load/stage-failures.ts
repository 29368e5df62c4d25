import pg from 'pg';
import { serializePolicy } from '../../src/policy/retry-policy.ts';
import { newId } from '../../src/store/postgres/ids.ts';

const POLICY = serializePolicy({ delays: [60], timeout: 15, jitter: 0 });
const BATCH = 5_000;

const INSERT = `
  WITH failed AS (
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) AS failed (event_id, delivery_id, endpoint_id)
  ), event AS (
    INSERT INTO events (project_id, id, type, attributes, data, body, content_hash, profile, profile_version, status,
                        delivery_count, open_count, undeliverable_count, created_at, settled_at)
    SELECT endpoint.project_id, failed.event_id, 'bench.failed', '{}', '{}', '{}', '', 'standard-webhooks', 1,
           'undeliverable', 1, 0, 1, now() - interval '1 hour', now()
    FROM failed JOIN endpoints endpoint ON endpoint.id = failed.endpoint_id
  )
  INSERT INTO deliveries (id, project_id, event_id, endpoint_id, receiver, policy, status, attempts, last_outcome,
                          last_status_code, reason, settled_at, created_at)
  SELECT failed.delivery_id, endpoint.project_id, failed.event_id, endpoint.id, endpoint.id, $4, 'undeliverable', 2,
         'rejected', 503, 'exhausted', now(), now() - interval '1 hour'
  FROM failed JOIN endpoints endpoint ON endpoint.id = failed.endpoint_id`;

/** Stores events of an hour ago whose deliveries are undeliverable, in turn to each of the endpoints. */
export async function stageFailures(
  databaseUrl: string,
  endpoints: string[],
  run: string,
  count: number,
): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const at = Date.now() - 3_600_000;
    for (let first = 0; first < count; first += BATCH) {
      const numbers = Array.from({ length: Math.min(BATCH, count - first) }, (_, n) => first + n);
      await client.query(INSERT, [
        numbers.map((n) => `failed-${run}-${n}`),
        numbers.map(() => newId('dlv', at)),
        numbers.map((n) => endpoints[n % endpoints.length]),
        POLICY,
      ]);
    }
    await client.query('VACUUM ANALYZE deliveries');
  } finally {
    await client.end();
  }
}
