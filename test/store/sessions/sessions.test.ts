import { createHash } from 'node:crypto';
import { deleteKeysOfConsumer } from '../../../src/store/projects/consumers.ts';
import { removeExpiredSessions } from '../../../src/store/sessions/session-retention.ts';
import { existingSessions, findSessions } from '../../../src/store/sessions/sessions.ts';
import { type SeededStore, seedStore } from '../seed.ts';

let store: SeededStore;
beforeAll(async () => {
  store = await seedStore();
});
afterAll(() => store.drop());

const hashOf = (text: string): Buffer => createHash('sha256').update(text).digest();

async function addPortalSession(name: string, consumer: string, expiresIn = '1 hour'): Promise<void> {
  const values = [hashOf(name), name, store.project, consumer, expiresIn];
  await store.pool.query(
    `WITH link AS (
       INSERT INTO portal_links (id, hash, project_id, consumer, capabilities, session_seconds, expires_at)
       VALUES ('plk_' || $2, $1, $3, $4, '{view}', 60, now() + $5::interval)
     )
     INSERT INTO sessions (hash, id, kind, project_id, consumer, access, capabilities, link_id, idle_seconds, expires_at)
     VALUES ($1, 'ses_' || $2, 'consumer', $3, $4, 'full', '{view}', 'plk_' || $2, 3600, now() + $5::interval)`,
    values,
  );
}
const existing = async (...names: string[]): Promise<number> =>
  (await existingSessions(store.pool, names.map(hashOf), [])).length;

test('retention removes expired sessions, codes and links, and no other', async () => {
  await addPortalSession('old', 'acme', '-1 second');
  await addPortalSession('current', 'acme');
  await store.pool.query(
    `INSERT INTO sign_in_codes (hash, kind, project_id, key_hash, expires_at)
     VALUES ('a', 'project', $1, 'k', now() - interval '1 s'), ('b', 'project', $1, 'k', now() + interval '1 min')`,
    [store.project],
  );
  expect(await removeExpiredSessions(store.pool)).toBe(3);
  expect(await removeExpiredSessions(store.pool)).toBe(0);
  const { rows } = await store.pool.query(
    `SELECT (SELECT count(*) FROM sessions) + (SELECT count(*) FROM portal_links)
            + (SELECT count(*) FROM sign_in_codes) AS n`,
  );
  expect(rows).toEqual([{ n: '3' }]);
});

test('the sessions and links of a consumer go with its keys', async () => {
  await addPortalSession('of-globex', 'globex');
  await addPortalSession('of-other', 'initech');
  await deleteKeysOfConsumer(store.pool, store.project, 'globex');
  expect(await existing('of-globex', 'of-other')).toBe(1);
  const links = await store.pool.query(
    `SELECT consumer FROM portal_links WHERE consumer IN ('globex', 'initech')`,
  );
  expect(links.rows).toEqual([{ consumer: 'initech' }]);
});

test('a session of a project that is being erased is not in force', async () => {
  await addPortalSession('closing', 'acme');
  expect(await findSessions(store.pool, [hashOf('closing')], [])).toMatchObject([
    { projectId: store.project },
  ]);
  await store.pool.query('UPDATE projects SET deleted_at = now() WHERE id = $1', [store.project]);
  expect(await findSessions(store.pool, [hashOf('closing')], [])).toEqual([]);
  expect(await existing('closing')).toBe(0);
});
