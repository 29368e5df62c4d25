import type { Readiness } from '../api/ports.ts';
import { MIGRATIONS_FOLDER, migrationNames } from '../store/migrations/migration-files.ts';
import { type SchemaState, schemaState } from '../store/migrations/schema-state.ts';
import type { Queryable } from '../store/postgres/database.ts';

export type ComponentStatus = { ok: boolean; detail?: string };

export type ReadinessSources = {
  db: Queryable;
  /** Components besides Postgres without which the process is not ready. */
  required(): Record<string, ComponentStatus>;
  /** Components that are reported but do not decide. */
  informational(): Record<string, ComponentStatus>;
};

/** Whether this process can do its work. Each check queries Postgres; other components report their last known status. */
export function createReadiness({ db, required, informational }: ReadinessSources): Readiness {
  // Read once: a deploy may replace the migration files while this process runs.
  const known = migrationNames(MIGRATIONS_FOLDER);
  let inFlight: Promise<SchemaState | null> | undefined;

  /** Concurrent checks share one query. Resolves to null if Postgres is unreachable. */
  function readSchemaState(): Promise<SchemaState | null> {
    inFlight ??= schemaState(db, known)
      .catch(() => null)
      .finally(() => (inFlight = undefined));
    return inFlight;
  }

  return {
    async check() {
      const state = await readSchemaState();
      const postgres = state ? { ok: true } : { ok: false, detail: 'cannot be reached' };
      const deciding = { postgres, ...required() };
      const ready = Object.values(deciding).every(({ ok }) => ok) && state?.kind !== 'older';
      return {
        ready,
        components: { ...deciding, ...(state && { schema: schemaStatus(state) }), ...informational() },
      };
    },
  };
}

function schemaStatus(state: SchemaState): ComponentStatus {
  switch (state.kind) {
    case 'current':
      return { ok: true };
    case 'older':
      return { ok: false, detail: `the database lacks ${state.missing[0]}: run "posthorn migrate"` };
    case 'newer':
      // The process stays ready: during a deploy, old processes serve until new ones have started.
      return {
        ok: false,
        detail: `a newer release has migrated the database (${state.unknown[0]}): replace this process with that release`,
      };
  }
}
