import type pg from 'pg';
import { PINNED_SETTINGS, withPinnedSettings } from './connection-settings.ts';
import { PooledClient } from './pooled-client.ts';
import { backendOf, MAX_TRIES } from './pooling-mode.ts';
import { withClients } from './short-lived-clients.ts';

/** The values that a session has for the pinned settings and the search path. */
export type SessionSettings = Readonly<Record<string, string>>;
const NAMES = [...Object.keys(PINNED_SETTINGS), 'search_path'];
const SELECT_SETTINGS = 'SELECT name, setting FROM pg_settings WHERE lower(name) = ANY ($1)';

async function settingsOf(client: pg.Client): Promise<SessionSettings> {
  const names = NAMES.map((name) => name.toLowerCase());
  const { rows } = await client.query<{ name: string; setting: string }>(SELECT_SETTINGS, [names]);
  return Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
}

/** More than one, because a pooler keeps sessions that started before a setting was changed. */
const SESSIONS_SAMPLED = 3;

/**
 * Returns the names of the pinned settings that differ in sessions through a pooler. `direct` is a URL of the same database
 * without the pooler. To be called before other work begins, because it uses several sessions.
 */
export async function differingSettings(pooled: string, direct: string): Promise<string[]> {
  const { names } = await inspectSessions(pooled, direct);
  return names;
}

/** Returns the names of differing settings, and the process ids of the sessions that have them. */
async function inspectSessions(pooled: string, direct: string): Promise<{ names: string[]; pids: number[] }> {
  const [wanted] = await withClients(1, withPinnedSettings(direct), (clients) =>
    Promise.all(clients.map(settingsOf)),
  );
  const found = await withClients(
    SESSIONS_SAMPLED,
    pooled,
    (clients) =>
      Promise.all(
        clients.map(async (client) => {
          await client.query('BEGIN'); // otherwise all three could share one session
          return { pid: await backendOf(client), settings: await settingsOf(client) };
        }),
      ),
    PooledClient,
  );
  const differs = (settings: SessionSettings) => (name: string) => settings[name] !== wanted![name];
  const others = found.filter(({ settings }) => Object.keys(wanted!).some(differs(settings)));
  return {
    names: Object.keys(wanted!).filter((name) => others.some(({ settings }) => differs(settings)(name))),
    pids: others.map(({ pid }) => pid),
  };
}

/** Returns the names of the pinned settings that a pooler in session mode drops when a connection starts. */
export async function droppedSettings(url: string): Promise<string[]> {
  const pinned = withPinnedSettings(url);
  const found = await withClients(1, pinned, ([client]) => settingsOf(client!));
  // Postgres formats values: 'ISO,MDY' becomes 'ISO, MDY'.
  const normalize = (value: string) => value.toLowerCase().replaceAll(' ', '');
  return Object.entries(PINNED_SETTINGS)
    .filter(([name, value]) => normalize(found[name] ?? '') !== normalize(value))
    .map(([name]) => name);
}
const SELECT_ROLE = 'SELECT current_user AS role, current_database() AS database';

/**
 * Stores the pinned settings for the pooler's role in this database, because a session through the pooler takes them from
 * nowhere else. Ends idle sessions of the pooler that started before. Returns the names of settings that still differ,
 * because the pooler keeps older sessions.
 */
export async function pinSettingsOfRole(pooled: string, direct: string): Promise<string[]> {
  await alterRole(pooled, direct);
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const { names, pids } = await inspectSessions(pooled, direct);
    if (names.length === 0) return [];
    await withClients(1, direct, ([client]) => client!.query(END_IDLE, [pids]));
  }
  return differingSettings(pooled, direct);
}
const END_IDLE = `
  SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = ANY ($1) AND state = 'idle'`;

async function alterRole(pooled: string, direct: string): Promise<void> {
  const [user] = await withClients(
    1,
    pooled,
    async ([client]) => (await client!.query<{ role: string; database: string }>(SELECT_ROLE)).rows,
  );
  await withClients(1, withPinnedSettings(direct), async ([client]) => {
    const [role, database] = [user!.role, user!.database].map((name) => client!.escapeIdentifier(name));
    await client!.query('BEGIN');
    for (const name of NAMES) {
      // FROM CURRENT, because a list such as the search path cannot be passed as one string.
      await client!.query(`ALTER ROLE ${role} IN DATABASE ${database} SET ${name} FROM CURRENT`);
    }
    await client!.query('COMMIT');
  });
}
