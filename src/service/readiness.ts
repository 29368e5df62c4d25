import { MIGRATIONS_FOLDER, migrationNames } from '../store/migrations/migration-files.ts';
import { type SchemaState, schemaState } from '../store/migrations/schema-state.ts';
import type { Queryable } from '../store/postgres/database.ts';

export type ComponentStatus = { ok: boolean; detail?: string };
export type Readiness = { ready: boolean; components: Record<string, ComponentStatus> };

export type ReadinessSources = {
  db: Queryable;
  /** What must be there beside Postgres. */
  required(): Record<string, ComponentStatus>;
  /** What is shown only. */
  informational(): Record<string, ComponentStatus>;
};

/** Can this process do its work? Asks Postgres now; the other components are what is known of them. */
export function createReadiness({ db, required, informational }: ReadinessSources): {
  check(): Promise<Readiness>;
} {
  // Read once: a deploy may put the files of the next release under a process that still runs.
  const known = migrationNames(MIGRATIONS_FOLDER);
  let underWay: Promise<SchemaState | null> | undefined;

  /** However many ask at once, Postgres is asked once. Null: it cannot be reached. */
  function lookAtSchema(): Promise<SchemaState | null> {
    underWay ??= schemaState(db, known)
      .catch(() => null)
      .finally(() => (underWay = undefined));
    return underWay;
  }

  return {
    async check() {
      const state = await lookAtSchema();
      const postgres = state ? { ok: true } : { ok: false, detail: 'cannot be reached' };
      const must = { postgres, ...required() };
      const ready = Object.values(must).every(({ ok }) => ok) && state?.kind !== 'older';
      return {
        ready,
        components: { ...must, ...(state && { schema: componentOf(state) }), ...informational() },
      };
    },
  };
}

function componentOf(state: SchemaState): ComponentStatus {
  switch (state.kind) {
    case 'current':
      return { ok: true };
    case 'older':
      return { ok: false, detail: `the database lacks ${state.missing[0]}: run "posthorn migrate"` };
    case 'newer':
      // In a deploy the old processes go on until the new ones are there; they could not be started again.
      return {
        ok: false,
        detail: `a newer release has migrated the database (${state.unknown[0]}): replace this process by that release`,
      };
  }
}
