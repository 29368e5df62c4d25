import pg from 'pg';

/** An event as it was posted. */
export type StoredEvent = { number: number; id: string; body: Buffer };
/** The status of the response, or 0 without one. */
export type Outcome = { delivery: number; status: number };

export type PipelineStore = {
  /** Commits the events, and a delivery of each to every target, numbered from `deliveryNumber(event, 0)`. */
  insert(events: StoredEvent[]): Promise<void>;
  record(outcomes: Outcome[]): Promise<void>;
  close(): Promise<void>;
};

export const deliveryNumber = (event: StoredEvent, targets: number, target: number): number =>
  event.number * targets + target;

// Half of each page stays free for the updated versions of its rows, which then need no new index entries.
const CREATE_TABLES = `
  DROP TABLE IF EXISTS bare_events, bare_deliveries;
  CREATE TABLE bare_events (number bigint NOT NULL, id text PRIMARY KEY, body bytea NOT NULL);
  CREATE TABLE bare_deliveries (
    id bigint PRIMARY KEY, event bigint NOT NULL, target smallint NOT NULL, status smallint, recorded_at timestamptz
  ) WITH (fillfactor = 50)`;

// The bodies travel as one binary parameter, because an array of bytea would be written and parsed as hexadecimal text.
const INSERT = `
  WITH events AS (
    INSERT INTO bare_events (number, id, body)
    SELECT number, id, substring($1::bytea FROM start + 1 FOR length)
    FROM unnest($2::bigint[], $3::text[], $4::int[], $5::int[]) AS given (number, id, start, length)
  )
  INSERT INTO bare_deliveries (id, event, target)
  SELECT number * $6::int + target, number, target
  FROM unnest($2::bigint[]) AS number, generate_series(0, $6::int - 1) AS target`;

const RECORD = `
  UPDATE bare_deliveries SET status = given.status, recorded_at = now()
  FROM unnest($1::bigint[], $2::smallint[]) AS given (id, status)
  WHERE bare_deliveries.id = given.id`;

/** Without statistics of a new table, Postgres would scan it for each update. */
const PLANNER = '-c enable_seqscan=off -c enable_hashjoin=off -c enable_mergejoin=off -c jit=off';

/** Creates empty tables, and opens one connection for inserts and one for records. */
export async function openStore(databaseUrl: string, targets: number): Promise<PipelineStore> {
  const clients = [1, 2].map(() => new pg.Client({ connectionString: databaseUrl, options: PLANNER }));
  const [inserting, recording] = clients as [pg.Client, pg.Client];
  await Promise.all(clients.map((client) => client.connect()));
  await inserting.query(CREATE_TABLES);
  return {
    async insert(events) {
      let end = 0;
      const starts = events.map(({ body }) => {
        end += body.length;
        return end - body.length;
      });
      await inserting.query({
        name: 'insert',
        text: INSERT,
        values: [
          Buffer.concat(events.map(({ body }) => body)),
          events.map(({ number }) => number),
          events.map(({ id }) => id),
          starts,
          events.map(({ body }) => body.length),
          targets,
        ],
      });
    },
    async record(outcomes) {
      const values = [outcomes.map(({ delivery }) => delivery), outcomes.map(({ status }) => status)];
      await recording.query({ name: 'record', text: RECORD, values });
    },
    async close() {
      await inserting.query('DROP TABLE bare_events, bare_deliveries');
      await Promise.all(clients.map((client) => client.end()));
    },
  };
}
