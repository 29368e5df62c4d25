import type pg from 'pg';
import { PINNED_SETTINGS, withPinnedSettings } from './connection-settings.ts';
import { PooledClient } from './pooled-client.ts';
import { backendOf, MAX_TRIES } from './pooling-mode.ts';
import { withClients } from './short-lived-clients.ts';

/** What a session of this URL has in force, of all that the statements rely on. */
export type SessionSettings = Readonly<Record<string, string>>;
const NAMES = [...Object.keys(PINNED_SETTINGS), 'search_path'];
const SELECT_SETTINGS = 'SELECT name, setting FROM pg_settings WHERE lower(name) = ANY ($1)';

async function settingsOf(client: pg.Client): Promise<SessionSettings> {
  const names = NAMES.map((name) => name.toLowerCase());
  const { rows } = await client.query<{ name: string; setting: string }>(SELECT_SETTINGS, [names]);
  return Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
}

/** Several, since a pooler keeps sessions that began before a setting was changed. */
const SESSIONS_SAMPLED = 3;

/**
 * The names of the settings that sessions through a pooler have otherwise than we rely on; `direct` is the same database
 * without it. To be called before work begins.
 */
export async function differingSettings(pooled: string, direct: string): Promise<string[]> {
  const { names } = await inspectSessions(pooled, direct);
  return names;
}

/** The names, and the processes of the sessions in which they were found otherwise. */
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
          await client.query('BEGIN'); // or all three would share one session
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

/** The same for a pooler that keeps sessions, and may drop what we say when one begins. */
export async function droppedSettings(url: string): Promise<string[]> {
  const pinned = withPinnedSettings(url);
  const found = await withClients(1, pinned, ([client]) => settingsOf(client!));
  // As Postgres writes them: 'ISO,MDY' reads 'ISO, MDY'.
  const plain = (value: string) => value.toLowerCase().replaceAll(' ', '');
  return Object.entries(PINNED_SETTINGS)
    .filter(([name, value]) => plain(found[name] ?? '') !== plain(value))
    .map(([name]) => name);
}
const SELECT_ROLE = 'SELECT current_user AS role, current_database() AS database';

/**
 * Gives the role that the pooler logs in as what the statements rely on, in this database: a session through it begins
 * with nothing else. Of the sessions that the pooler had open already, those that it hands out to us now and that are
 * idle are ended. Returns the names of settings that are otherwise all the same: then it holds on to older sessions.
 */
export async function pinSettingsOfRole(pooled: string, direct: string): Promise<string[]> {
  await alterRole(pooled, direct);
  for (let look = 0; look < MAX_TRIES; look++) {
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
      // Of this session, which has them all: a list such as the search path cannot be given as one text.
      await client!.query(`ALTER ROLE ${role} IN DATABASE ${database} SET ${name} FROM CURRENT`);
    }
    await client!.query('COMMIT');
  });
}
