import { createNotifications, type Notifications } from '../../../src/store/outcomes/notifications.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type SeededStore, seedStore } from '../seed.ts';

let store: SeededStore;
let one: Notifications;
let other: Notifications;

beforeEach(async () => {
  store = await seedStore();
  one = createNotifications(store.url);
  other = createNotifications(store.url);
  await Promise.all([untilConnected(one), untilConnected(other)]);
});
afterEach(async () => {
  await one.close();
  await other.close();
  await store.drop();
});

/** What is sent before all channels are listened to is lost, so it repeats a wake-up until it is heard. */
async function untilConnected(notifications: Notifications): Promise<void> {
  let connected = false;
  const stop = notifications.listen('posthorn_turns', () => {
    connected = true;
  });
  await eventually(() => {
    notifications.notify('posthorn_turns', ['connected']);
    return connected;
  });
  stop();
}

const LISTENING = `FROM pg_stat_activity WHERE datname = current_database() AND query ~ '^(LISTEN|SELECT pg_notify)'`;
const listening = async (): Promise<number> =>
  (await store.queryOne<{ n: number }>(`SELECT count(*)::int AS n ${LISTENING}`)).n;

test('a wake-up reaches every process, including the one that sent it', async () => {
  const heard: string[] = [];
  one.listen('posthorn_claims', (tokens) => heard.push(...tokens.map((token) => `one ${token}`)));
  other.listen('posthorn_claims', (tokens) => heard.push(...tokens.map((token) => `other ${token}`)));
  other.listen('posthorn_outcomes', () => heard.push('the wrong channel'));

  one.notify('posthorn_claims', ['event/a/b']);

  await eventually(() => heard.length === 2);
  expect(heard.sort()).toEqual(['one event/a/b', 'other event/a/b']);
});

test('thousands of tokens arrive once each, in few notifications', async () => {
  const heard: string[] = [];
  let notifications = 0;
  other.listen('posthorn_claims', (tokens) => {
    notifications++;
    heard.push(...tokens);
  });
  const tokens = Array.from({ length: 5_000 }, (_, n) => `event/prj_1/evt_${n}`);

  for (const token of tokens) one.notify('posthorn_claims', [token, token]);

  await eventually(() => heard.length >= 5_000);
  expect(heard).toHaveLength(5_000);
  expect(new Set(heard)).toEqual(new Set(tokens));
  expect(notifications).toBeLessThan(100);
});

test('a broken connection is replaced by exactly one', async () => {
  const heard: string[] = [];
  one.listen('posthorn_outcomes', (tokens) => heard.push(...tokens));

  await store.pool.query(`SELECT pg_terminate_backend(pid) ${LISTENING}`);
  await eventually(async () => {
    one.notify('posthorn_outcomes', ['again']);
    return heard.length > 0;
  });

  await eventually(async () => (await listening()) === 2);
  expect(new Set(heard)).toEqual(new Set(['again']));
});

test('a stopped listener is not called', async () => {
  const heard: string[] = [];
  const stop = one.listen('posthorn_claims', (tokens) => heard.push(...tokens));
  one.listen('posthorn_claims', () => heard.push('still'));
  stop();

  one.notify('posthorn_claims', ['a']);

  await eventually(() => heard.length > 0);
  expect(heard).toEqual(['still']);
});
