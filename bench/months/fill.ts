import pg from 'pg';
import { serializePolicy } from '../../src/policy/retry-policy.ts';
import { asBigint, searchBitsOf } from '../../src/store/events/search-bits.ts';
import { withPinnedSettings } from '../../src/store/postgres/connection-settings.ts';

export type Filling = {
  /** Each with one delivery, one attempt and two outcomes, all delivered at the first attempt. */
  events: number;
  bodyBytes: number;
  /** The oldest event is this old, and the others follow at equal distances until now. */
  days: number;
};

/** The first has nine tenths of the events; the others share the rest. */
export const PROJECTS = ['prj_large', ...Array.from({ length: 10 }, (_, n) => `prj_small_${n}`)];
const ENDPOINTS_OF_PROJECT = 20;
/** As many bytes as an attempt at a receiver behind a proxy stores. */
const REQUEST_HEADERS = Buffer.alloc(300, 'x');
const RESPONSE_HEADERS = Buffer.alloc(180, 'x');
/** Events of one statement. */
const BATCH = 10_000;
const CONNECTIONS = 2;

const SET_UP = `
  WITH project AS (
    INSERT INTO projects (id, name, profile) SELECT id, 'bench', 'standard-webhooks' FROM unnest($1::text[]) AS id RETURNING id
  )
  INSERT INTO endpoints (id, project_id, consumer, url, events, secrets, status, created_at)
  SELECT 'ep_' || project.id || '_' || n, project.id, NULL, 'https://hooks.example.com/webhooks/' || n,
         ARRAY['bench.' || n], '\\x00', 'active', now() - interval '1 year'
  FROM project, generate_series(0, $2::int - 1) AS n`;

// Rows as the statements of src/store leave them. Each new page of events and deliveries is half full, as production's are when
// what a settlement replaced has been pruned. Ids name their time, as real ones do: lists by time start at an id.
const FILL = `
  WITH numbered AS MATERIALIZED (
    SELECT n, ($3::text[])[CASE WHEN n % 10 > 0 THEN 1 ELSE 2 + (n / 10) % (cardinality($3::text[]) - 1) END] AS project_id,
           now() - $4 * interval '1 day' * (1 - n / $5::float8) AS at
    FROM generate_series($1::bigint, $2::bigint - 1) AS n
  ), row AS MATERIALIZED (
    SELECT n, project_id, at, 'evt_' || id AS event_id, 'dlv_' || id AS delivery_id,
           'ep_' || project_id || '_' || n % $8::int AS endpoint_id, 'bench.' || n % $8::int AS type
    FROM numbered,
         LATERAL (
           SELECT string_agg(substr('0123456789abcdefghjkmnpqrstvwxyz', 1 + (ms >> 5 * digit & 31)::int, 1), '' ORDER BY digit DESC)
                  || substr(md5(n::text), 1, 16) AS id
           FROM (SELECT (extract(epoch FROM at) * 1000)::bigint AS ms OFFSET 0) AS time, generate_series(0, 9) AS digit
         ) AS ids
  ), event AS (
    INSERT INTO events (project_id, id, type, attributes, body, data_offset, data_length, content_hash, profile, profile_version,
                        status, delivery_count, open_count, delivered_count, created_at, settled_at, sequence, search_bits)
    SELECT project_id, event_id, type, '{}', $6::bytea, 8,
           octet_length($6::bytea) - 9, $9::bytea, 'standard-webhooks', 1, 'delivered', 1, 0, 1, at, at + interval '80 ms', n,
           ($12::bigint[])[1 + n % $8::int]
    FROM row
  ), delivery AS (
    INSERT INTO deliveries (id, project_id, event_id, endpoint_id, receiver, policy, status, attempts, epoch, owner, workflow_id,
                            process_id, last_outcome, last_status_code, settled_at, created_at, sequence)
    SELECT delivery_id, project_id, event_id, endpoint_id, endpoint_id, $7, 'delivered', 1, 1,
           'group/' || left(delivery_id, 27), 'group/' || left(delivery_id, 27), 'prc_01kb1v7f3e8m5t2q9x4w6z0hcd', 'delivered', 204,
           at + interval '80 ms', at, n
    FROM row
  ), attempt AS (
    INSERT INTO attempts (delivery_id, epoch, number, step, trigger, started_at, duration_ms, outcome, status_code, request_url,
                          request_headers, response_headers, response_body)
    SELECT delivery_id, 1, 1, 0, 'schedule', at, 40, 'delivered', 204, 'https://hooks.example.com/webhooks/' || n % $8::int,
           $10::bytea, $11::bytea, ''
    FROM row
  )
  INSERT INTO outcomes (project_id, kind, event_id, delivery_id, endpoint_id, status, outcome, attempt, at, duration_ms,
                        status_code, latency_ms)
  SELECT project_id, kind, event_id, CASE WHEN kind = 'delivery.delivered' THEN delivery_id END,
         CASE WHEN kind = 'delivery.delivered' THEN endpoint_id END, 'delivered',
         CASE WHEN kind = 'delivery.delivered' THEN 'delivered' END, CASE WHEN kind = 'delivery.delivered' THEN 1 END,
         at + interval '80 ms', CASE WHEN kind = 'delivery.delivered' THEN 40 END,
         CASE WHEN kind = 'delivery.delivered' THEN 204 END, CASE WHEN kind = 'delivery.delivered' THEN 80 END
  FROM row, unnest(ARRAY['delivery.delivered', 'event.settled']) AS kind
  ORDER BY n, kind`;

const VACUUM = 'VACUUM ANALYZE events, deliveries, attempts, outcomes';

/** Creates the projects with their endpoints and fills a migrated database. `onProgress` gets the number of events stored. */
export async function fillMonths(
  databaseUrl: string,
  { events, bodyBytes, days }: Filling,
  onProgress: (events: number) => void = () => {},
): Promise<void> {
  const policy = serializePolicy({ delays: [60, 300, 1800, 7200], timeout: 15, jitter: 0 });
  const types = Array.from({ length: ENDPOINTS_OF_PROJECT }, (_, n) => `bench.${n}`);
  const bits = types.map((type) => asBigint(searchBitsOf({ type })));
  const body = Buffer.from(`{"data":"${'x'.repeat(bodyBytes - 11)}"}`);
  const connectionString = withPinnedSettings(databaseUrl);
  const clients = Array.from({ length: CONNECTIONS }, () => new pg.Client({ connectionString }));
  await Promise.all(clients.map((client) => client.connect()));
  try {
    for (const client of clients) await client.query('SET statement_timeout = 0');
    await clients[0]!.query(SET_UP, [PROJECTS, ENDPOINTS_OF_PROJECT]);
    let next = 0;
    await Promise.all(
      clients.map(async (client) => {
        for (let first = next; first < events; first = next) {
          next = Math.min(events, first + BATCH);
          const bytes = [Buffer.alloc(32), REQUEST_HEADERS, RESPONSE_HEADERS];
          await client.query(FILL, [
            first,
            next,
            PROJECTS,
            days,
            events,
            body,
            policy,
            ENDPOINTS_OF_PROJECT,
            ...bytes,
            bits,
          ]);
          onProgress(next);
        }
      }),
    );
    await clients[0]!.query(VACUUM);
  } finally {
    await Promise.all(clients.map((client) => client.end()));
  }
}
