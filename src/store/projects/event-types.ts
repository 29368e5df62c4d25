import type pg from 'pg';
import { inTransaction, type Queryable } from '../postgres/database.ts';

/** A project's own definition of an event type. Null means that the profile's value applies. Schema and example are JSON. */
export type ProjectEventType = {
  type: string;
  description: string;
  /** The text `null` means no schema, even if the profile has one. */
  schema: string | null;
  example: string | null;
  exampleAttributes: Record<string, string> | null;
};

/** `schemaSize` is the number of schemas, keywords and their values, which determines the time to compile. */
export type PutEventType = ProjectEventType & { schemaSize: number };

const MAX_EVENT_TYPES = 1_000;
/** Limits all texts together, because a process that uses the catalogue keeps all of them in memory. */
const MAX_CATALOGUE_BYTES = 1024 * 1024;
/** Limits all schemas and keywords together. A process compiles about 30 of them in a millisecond when it first needs a type. */
const MAX_CATALOGUE_SCHEMA_SIZE = 40_000;

const LIST = `
  SELECT type, description, schema, example, example_attributes AS "exampleAttributes"
  FROM event_types WHERE project_id = $1`;

export async function listEventTypes(db: Queryable, projectId: string): Promise<ProjectEventType[]> {
  const { rows } = await db.query<ProjectEventType>(LIST, [projectId]);
  return rows;
}

// Runs first: its row lock serializes changes of the catalogue, so that each one counts what the one before has stored.
const COUNT_CHANGE = 'UPDATE projects SET catalogue_version = catalogue_version + 1 WHERE id = $1';

const PUT = `
  INSERT INTO event_types (project_id, type, description, schema, example, example_attributes, schema_size)
  SELECT $1, $2, $3, $4, $5, $6::text::jsonb, $9
  FROM (
    SELECT count(*) AS types, coalesce(sum(schema_size), 0) AS size,
           coalesce(sum(octet_length(concat(description, schema, example, example_attributes::text))), 0) AS bytes
    FROM event_types WHERE project_id = $1 AND type <> $2
  ) AS others
  WHERE others.types < $7 AND others.bytes + octet_length(concat($3::text, $4::text, $5::text, $6::text)) <= $8
    AND others.size + $9::int <= $10
  ON CONFLICT (project_id, type) DO UPDATE
  SET description = excluded.description, schema = excluded.schema, example = excluded.example,
      example_attributes = excluded.example_attributes, schema_size = excluded.schema_size`;

class CatalogueFull extends Error {}

/** Stores or replaces an event type. Returns false if the catalogue would exceed one of its limits. */
export async function putEventType(
  pool: pg.Pool,
  projectId: string,
  eventType: PutEventType,
): Promise<boolean> {
  try {
    await inTransaction(pool, async (client) => {
      await client.query(COUNT_CHANGE, [projectId]);
      const { rowCount } = await client.query(PUT, [
        projectId,
        eventType.type,
        eventType.description,
        eventType.schema,
        eventType.example,
        eventType.exampleAttributes && JSON.stringify(eventType.exampleAttributes),
        MAX_EVENT_TYPES,
        MAX_CATALOGUE_BYTES,
        eventType.schemaSize,
        MAX_CATALOGUE_SCHEMA_SIZE,
      ]);
      if (rowCount === 0) throw new CatalogueFull();
    });
    return true;
  } catch (error) {
    if (error instanceof CatalogueFull) return false;
    throw error;
  }
}

const DELETE = 'DELETE FROM event_types WHERE project_id = $1 AND type = $2';

/** Deletes the project's own definition of a type. Returns false if there is none. */
export async function deleteEventType(pool: pg.Pool, projectId: string, type: string): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    await client.query(COUNT_CHANGE, [projectId]);
    const { rowCount } = await client.query(DELETE, [projectId, type]);
    return rowCount === 1;
  });
}

// Reads at most 10,000 endpoints, because warnings about more subscriptions than that would help nobody.
const SUBSCRIPTIONS = `
  SELECT pattern, count(*)::int AS endpoints
  FROM (SELECT events FROM endpoints WHERE project_id = $1 AND status <> 'deleted' LIMIT 10000) AS endpoint, unnest(endpoint.events) AS pattern
  GROUP BY pattern
  ORDER BY endpoints DESC, pattern
  LIMIT 1000`;

/** Returns up to 1,000 patterns that the project's endpoints subscribe to, the most common first. */
export async function subscriptionsOf(
  db: Queryable,
  projectId: string,
): Promise<{ pattern: string; endpoints: number }[]> {
  return (await db.query(SUBSCRIPTIONS, [projectId])).rows;
}
