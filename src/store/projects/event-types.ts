import type pg from 'pg';
import { inTransaction, type Queryable } from '../postgres/database.ts';

/** What a project says of one event type. Null: as the profile has it; schema and example are JSON texts. */
export type ProjectEventType = {
  type: string;
  description: string;
  /** The text `null`: none, whatever the profile has. */
  schema: string | null;
  example: string | null;
  exampleAttributes: Record<string, string> | null;
};

/** `schemaSize` counts what compiling takes: schemas, keywords and their values. */
export type PutEventType = ProjectEventType & { schemaSize: number };

export const MAX_EVENT_TYPES = 1_000;
/** Of all their texts together: a process that uses the catalogue holds all of it. */
export const MAX_CATALOGUE_BYTES = 1024 * 1024;
/** Of all their schemas and keywords: a process compiles some 30 in a millisecond, when it meets a type. */
export const MAX_CATALOGUE_SCHEMA_SIZE = 40_000;

const LIST = `
  SELECT type, description, schema, example, example_attributes AS "exampleAttributes"
  FROM event_types WHERE project_id = $1`;

export async function listEventTypes(db: Queryable, projectId: string): Promise<ProjectEventType[]> {
  const { rows } = await db.query<ProjectEventType>(LIST, [projectId]);
  return rows;
}

// First, because its lock makes those wait that put types at the same time: they count what this one has put.
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

class Full extends Error {}

/** Puts the type in the place of the one of its name. False: the project has as many, or as large ones, as it may. */
export async function putEventType(pool: pg.Pool, projectId: string, own: PutEventType): Promise<boolean> {
  try {
    await inTransaction(pool, async (client) => {
      await client.query(COUNT_CHANGE, [projectId]);
      const { rowCount } = await client.query(PUT, [
        projectId,
        own.type,
        own.description,
        own.schema,
        own.example,
        own.exampleAttributes && JSON.stringify(own.exampleAttributes),
        MAX_EVENT_TYPES,
        MAX_CATALOGUE_BYTES,
        own.schemaSize,
        MAX_CATALOGUE_SCHEMA_SIZE,
      ]);
      if (rowCount === 0) throw new Full();
    });
    return true;
  } catch (error) {
    if (error instanceof Full) return false;
    throw error;
  }
}

const DELETE = 'DELETE FROM event_types WHERE project_id = $1 AND type = $2';

/** False: the project says nothing of the type. */
export async function deleteEventType(pool: pg.Pool, projectId: string, type: string): Promise<boolean> {
  return inTransaction(pool, async (client) => {
    await client.query(COUNT_CHANGE, [projectId]);
    const { rowCount } = await client.query(DELETE, [projectId, type]);
    return rowCount === 1;
  });
}

// Of so many endpoints; more subscriptions than that are nothing to warn of one by one.
const SUBSCRIPTIONS = `
  SELECT pattern, count(*)::int AS endpoints
  FROM (SELECT events FROM endpoints WHERE project_id = $1 AND status <> 'deleted' LIMIT 10000) AS first, unnest(first.events) AS pattern
  GROUP BY pattern
  ORDER BY endpoints DESC, pattern
  LIMIT 1000`;

/** What the endpoints of the project subscribe to, the most common first. */
export async function subscriptionsOf(
  db: Queryable,
  projectId: string,
): Promise<{ pattern: string; endpoints: number }[]> {
  return (await db.query(SUBSCRIPTIONS, [projectId])).rows;
}
