import type pg from 'pg';
import {
  connectListener,
  deleteExpiredListeners,
  disconnectListener,
  renewConnections,
} from '../../../src/store/listeners/connections.ts';
import {
  endRequest,
  listenersWithRequests,
  removeOldRequests,
  storeRequest,
  storeResponse,
  takeRequest,
} from '../../../src/store/listeners/listener-requests.ts';
import { hasListener, listListeners } from '../../../src/store/listeners/listeners.ts';
import type { Scope } from '../../../src/store/scope.ts';
import { type SeededStore, seedStore } from '../seed.ts';
import { expectToReadFew } from './explain.ts';

const LISTENERS = 20_000;
const REQUESTS = 60_000;
/** Listeners of a project, about as many as its quota allows. */
const OF_PROJECT = 40;
/** Enough 8 kB pages for the rows that a statement returns or changes, not for those beside them. */
const FEW_PAGES = 400;
const LARGE = ['endpoints', 'listeners', 'listener_requests'];

let store: SeededStore;
let scope: Scope;

/** Listeners of 500 projects, with three requests under way to each. */
beforeAll(async () => {
  store = await seedStore();
  scope = { projectId: store.project, consumer: null };
  await store.pool.query(
    `INSERT INTO projects (id, name, profile) SELECT 'prj_' || n, 'other', 'standard-webhooks' FROM generate_series(1, ${LISTENERS / OF_PROJECT}) AS n`,
  );
  await store.pool.query(
    `INSERT INTO endpoints (id, project_id, url, events, secrets)
     SELECT 'ep_' || n, CASE WHEN n <= ${OF_PROJECT} THEN $1 ELSE 'prj_' || n / ${OF_PROJECT} END, 'listener:' || n, '{*}', '\\x00'
     FROM generate_series(1, ${LISTENERS}) AS n`,
    [store.project],
  );
  await store.pool.query(
    `INSERT INTO listeners (endpoint_id, project_id, connection, connected_until, expires_at)
     SELECT id, project_id, 'con_' || id, now() + interval '1 hour', now() + interval '1 day' FROM endpoints`,
  );
  await store.pool.query(
    `INSERT INTO listener_requests (project_id, endpoint_id, event_id, delivery_id, attempt, event_type, url, ends_at)
     SELECT project_id, id, 'evt_' || id, 'dlv_' || id || '_' || attempt, attempt, 'a.b', 'http://127.0.0.1:9/', now() + interval '1 hour'
     FROM endpoints CROSS JOIN generate_series(1, ${REQUESTS / LISTENERS}) AS attempt`,
  );
  await store.pool.query('ANALYZE');
});
afterAll(() => store.drop());

const connection = { listenerId: 'ep_7', connection: 'con_ep_7' };
const request = () => ({
  ...{ projectId: store.project, listenerId: 'ep_7', eventId: 'evt_1', type: 'a.b', deliveryId: 'dlv_1' },
  ...{ attempt: 1, url: 'http://127.0.0.1:9/', timeoutMs: 1_000 },
  ...{ headers: Buffer.from('{}'), body: Buffer.from('{}') },
});
const delivery = { deliveryId: 'dlv_ep_7_1', attempt: 1 };
const refused = { error: 'refused', durationMs: 1 };

type Statement = [string, (db: pg.Pool) => Promise<unknown>];
const statements: Statement[] = [
  ['listing those of a project', (db) => listListeners(db, scope, { limit: 50, after: null })],
  ['looking whether one exists', (db) => hasListener(db, scope, 'ep_7')],
  ['connecting one', (db) => connectListener(db, scope, connection, '0')],
  ['renewing connections', (db) => renewConnections(db, [connection])],
  ['disconnecting one', (db) => disconnectListener(db, connection)],
  ['storing a request', (db) => storeRequest(db, request())],
  ['taking the next request', (db) => takeRequest(db, 'ep_7', 'con_ep_7')],
  ['finding those with requests', (db) => listenersWithRequests(db, ['ep_7', 'ep_8'])],
  ['storing a response', (db) => storeResponse(db, scope, 'ep_7', delivery, refused)],
  ['ending a request', (db) => endRequest(db, '7')],
];

test.each(statements)(
  'among 20,000 listeners with requests under way, %s reads only what it needs',
  (_, run) => expectToReadFew(store.pool, (db) => run(db as pg.Pool), { large: LARGE, maxPages: FEW_PAGES }),
);

// An index on these times would be changed by each renewal and each request. Both tables are small: as many listeners as the
// quotas allow, and as many requests as they may have under way.
test.each<Statement>([
  ['listeners', deleteExpiredListeners],
  ['requests whose worker died', removeOldRequests],
])('expired %s are found by one scan of their table', (_, run) =>
  expectToReadFew(store.pool, (db) => run(db as pg.Pool), { large: ['endpoints'], maxPages: 8_000 }),
);
