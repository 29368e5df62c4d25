import { createHash } from 'node:crypto';
import { insertAuditEntry, setAuditResult } from '../../../src/store/audit/audit-entries.ts';
import { type AuditFilter, listAuditEntries } from '../../../src/store/audit/audit-list.ts';
import { removeExcessAuditEntries, removeOldAuditEntries } from '../../../src/store/audit/audit-retention.ts';
import type { Queryable } from '../../../src/store/postgres/database.ts';
import { listConsumerSessions } from '../../../src/store/sessions/consumer-sessions.ts';
import {
  deletePortalLink,
  endSessionsOfConsumer,
  openPortal,
} from '../../../src/store/sessions/portal-links.ts';
import { removeExpiredSessions } from '../../../src/store/sessions/session-retention.ts';
import {
  deleteSession,
  endExcessSessions,
  existingSessions,
  findSessions,
  recordSessionUse,
} from '../../../src/store/sessions/sessions.ts';
import { signInWithCode } from '../../../src/store/sessions/sign-in-codes.ts';
import { type SeededStore, seedStore } from '../seed.ts';
import { expectToReadFew } from './explain.ts';

const ROWS = 60_000;
const CONSUMERS = 600;
/** Enough 8 kB pages for the rows that a statement returns or changes, not for those beside them. */
const FEW_PAGES = 600;
/** A page of a list with a filter that nothing matches looks at 10,000 rows. */
const MANY_PAGES = 3_000;
const LARGE = ['sessions', 'portal_links', 'sign_in_codes', 'audit_entries'];

let store: SeededStore;
const first = { limit: 50, after: null };
const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
/** The same in SQL. */
const HASH = (text: string): string => `sha256((${text})::bytea)`;

beforeAll(async () => {
  store = await seedStore();
  const insert = (table: string, columns: string, values: string) =>
    store.pool.query(
      `INSERT INTO ${table} (project_id, ${columns}) SELECT '${store.project}', ${values}
       FROM generate_series(1, ${ROWS}) AS n CROSS JOIN LATERAL (SELECT 'c' || n % ${CONSUMERS} AS consumer, n % 2 = 0 AS is_even) AS of_row`,
    );
  await insert(
    'portal_links',
    'id, hash, consumer, capabilities, session_seconds, expires_at',
    `'plk_' || n, ${HASH(`'link' || n`)}, consumer, '{view}', 3600, now() + interval '1 hour'`,
  );
  await insert(
    'sessions',
    'id, hash, kind, consumer, access, capabilities, key_hash, link_id, idle_seconds, expires_at',
    `'ses_' || n, ${HASH(`'session' || n`)}, CASE WHEN is_even THEN 'consumer' ELSE 'project' END,
     CASE WHEN is_even THEN consumer END, 'full', CASE WHEN is_even THEN '{view}'::text[] END,
     CASE WHEN NOT is_even THEN ${HASH(`'key' || n % 999`)} END, CASE WHEN is_even THEN 'plk_' || n END,
     3600, now() + interval '1 hour'`,
  );
  await insert(
    'sign_in_codes',
    'hash, kind, key_hash, expires_at',
    `${HASH(`'code' || n`)}, 'project', ${HASH(`'key' || n % 999`)}, now() + interval '10 minutes'`,
  );
  await insert(
    'audit_entries',
    'id, at, actor, key_id, consumer, action, subject_type, subject_id, fields, request_id, status',
    `'aud_' || n, now(), CASE WHEN is_even THEN 'consumer' ELSE 'project' END, 'key_' || n % 99,
     CASE WHEN is_even THEN consumer END, 'updateEndpoint', 'endpoint', 'ep_' || n % 5000, '{url}', 'req_' || n,
     CASE WHEN n > 1 THEN 200 END`,
  );
  await store.pool.query('VACUUM ANALYZE audit_entries');
  await store.pool.query('ANALYZE');
});
afterAll(() => store.drop());

const ROOM = { ofProject: 1_000_000, ofConsumer: 10_000 };
const LONG_AGO = new Date('2000-01-01');
const session = { id: 'ses_new', hash: hash('new') };
const auditTrail =
  (filter: AuditFilter, ofProject = true) =>
  (db: Queryable) =>
    listAuditEntries(db, ofProject ? store.project : null, filter, first);
const entry = () => ({
  ...{ id: 'aud_new', projectId: store.project, at: new Date(), action: 'updateEndpoint', fields: [] },
  ...{ subjectType: 'endpoint', subjectId: 'ep_1', requestId: 'req_1' },
  actor: { kind: 'admin' as const, keyId: null, sessionId: null, consumer: null },
});
const code = { hash: hash('code7'), access: 'full' as const };

type Statement = [string, (db: Queryable) => Promise<unknown>, maxPages?: number];
const statements: Statement[] = [
  ['finding sessions', (db) => findSessions(db, [hash('session1'), hash('session2')], [])],
  ['looking whether sessions exist', (db) => existingSessions(db, [hash('session1')], [])],
  ['recording the use of a session', (db) => recordSessionUse(db, hash('session1'))],
  ['ending a session', (db) => deleteSession(db, hash('session1'))],
  ['ending the excess sessions of a key', (db) => endExcessSessions(db, hash('key7'))],
  ['listing the sessions of a consumer', (db) => listConsumerSessions(db, store.project, 'c6', first)],
  ['ending the sessions of a consumer', (db) => endSessionsOfConsumer(db, store.project, 'c6')],
  ['signing in with a code', (db) => signInWithCode(db, code, session, [])],
  ['opening the portal', (db) => openPortal(db, hash('link7'), session)],
  ['revoking a portal link', (db) => deletePortalLink(db, store.project, 'plk_8')],
  ['removing expired sessions', (db) => removeExpiredSessions(db)],
  ['adding an audit entry', (db) => insertAuditEntry(db, entry())],
  ['adding the result to an audit entry', (db) => setAuditResult(db, 'aud_1', 200, null)],
  ['the audit trail of a project', auditTrail({})],
  ['the audit trail of all projects', auditTrail({}, false)],
  ['the audit trail of a subject', auditTrail({ subject: 'ep_7' })],
  ['the audit trail of an unknown key', auditTrail({ actor: 'key_none' }), MANY_PAGES],
  ['the audit trail of an unused action', auditTrail({ action: 'none' }, false), MANY_PAGES],
  // The oldest 5,000.
  ['removing old audit entries', (db) => removeOldAuditEntries(db, LONG_AGO), MANY_PAGES],
  // Counts the index entries of those that are kept.
  ['removing excess audit entries', (db) => removeExcessAuditEntries(db, '', ROOM), MANY_PAGES],
];

test.each(statements)(
  'beside 60,000 rows of each table, %s reads only what it needs',
  (_, run, maxPages = FEW_PAGES) => expectToReadFew(store.pool, run, { large: LARGE, maxPages }),
);
