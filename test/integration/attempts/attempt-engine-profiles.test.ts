import { Webhook } from 'standardwebhooks';
import { serializePolicy } from '../../../src/policy/retry-policy.ts';
import { standardWebhooks } from '../../../src/profiles/shipped/standard-webhooks.ts';
import { serializeFirstSecret, withNewSecret } from '../../../src/secrets/secret-rotation.ts';
import { assignDue } from '../../../src/store/deliveries/assignments/assign-due.ts';
import { endpointSecretsContext } from '../../../src/store/endpoints/endpoints.ts';
import { putProfile } from '../../../src/store/projects/profiles.ts';
import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { POLICY, SECRET, type SeededStore, secretBox, seedStore } from '../../store/seed.ts';
import { deadlineIn, holdLock, startTestEngine, type TestEngine } from './attempt-engine-set-up.ts';

let store: SeededStore;
let engine: TestEngine;
let receiver: Receiver;
let endpoint: string;

beforeEach(async () => {
  store = await seedStore();
  engine = startTestEngine(store.pool, secretBox);
  receiver = await startReceiver();
  endpoint = await store.newEndpoint({ url: receiver.url });
});
afterEach(async () => {
  await receiver.close();
  await engine.close();
  await store.drop();
});

/** Stores a new version of the project's profile `wire`, which sends `mark` in a header. Returns the version. */
async function putVersion(mark: string): Promise<number> {
  const profile = {
    ...standardWebhooks,
    name: 'wire',
    headers: { ...standardWebhooks.headers, 'x-mark': mark },
  };
  const source = JSON.stringify({ ...profile, eventTypes: [] });
  const made = { scope: store.project, name: 'wire', title: 'Wire', eventTypes: [], plans: null, source };
  const put = await putProfile(store.pool, made, { names: 1, versions: 9 });
  return put.kind === 'stored' ? put.profile.version : 0;
}

const deliver = async (profileVersion: number) =>
  (await store.acceptEvent('mine', { profile: 'wire', profileVersion })).ids.map((id) => ({ id, step: 0 }));

/** Blocks all reads of profiles, as a server that hangs would. */
const blockProfiles = () => holdLock(store.pool, 'LOCK TABLE profiles IN ACCESS EXCLUSIVE MODE');

/** Calls `find` until it returns a value. */
async function untilFound<T>(find: () => Promise<T | null>): Promise<T> {
  let found: T | null = null;
  await eventually(async () => {
    found = await find();
    return found !== null;
  });
  return found!;
}

test('each attempt uses the profile version of its event', async () => {
  const [first, second] = [await putVersion('first'), await putVersion('second')];
  for (const version of [first, second, first])
    await engine.run(await deliver(version), 'mine', deadlineIn(10_000));
  expect(receiver.requests.map(({ headers }) => headers['x-mark'])).toEqual(['first', 'second', 'first']);
});

test('a profile in use is not read from Postgres again', async () => {
  const version = await putVersion('known');
  await engine.run(await deliver(version), 'mine', deadlineIn(10_000));
  const steps = await deliver(version);
  const unblock = await blockProfiles();
  try {
    expect((await engine.run(steps, 'mine', deadlineIn(10_000))).results).toMatchObject([
      { kind: 'delivered' },
    ]);
  } finally {
    await unblock();
  }
});

test('while a profile cannot be read, its delivery is released, due again in a second, and uses no attempt', async () => {
  const steps = await deliver(await putVersion('late'));
  const { id } = steps[0]!;
  const unblock = await blockProfiles();
  try {
    expect((await engine.run(steps, 'mine', deadlineIn(10_000))).results).toEqual([{ id, kind: 'released' }]);
  } finally {
    await unblock();
  }
  const { owner, due_at, attempts, step } = await store.deliveryOf(id);
  expect({ owner, attempts, step }).toEqual({ owner: null, attempts: 0, step: 0 });
  expect(due_at.getTime() - Date.now()).toBeLessThanOrEqual(1_000);
  expect(receiver.requests).toHaveLength(0);

  const how = { maxDeliveries: 1, minDeliveries: 1, grouping: true, uuid: 'again' };
  const again = await untilFound(() => assignDue(store.pool, store.project, how));
  await engine.run(steps, again.workflowId, deadlineIn(10_000));
  expect(receiver.requests).toHaveLength(1);
  expect(await store.attemptsOf(id)).toMatchObject([{ number: 1, step: 0, outcome: 'delivered' }]);
});

test('a delivery whose profile version does not exist is due again in a minute', async () => {
  const steps = await deliver(7);
  expect((await engine.run(steps, 'mine', deadlineIn(10_000))).results).toMatchObject([{ kind: 'released' }]);
  expect((await store.deliveryOf(steps[0]!.id)).due_at.getTime() - Date.now()).toBeGreaterThan(50_000);
  expect(engine.failures).toHaveLength(1);
});

/** Rotates to a plain text secret, as after a change to a profile that uses these. */
async function rotateToPlainText(overlapMs: number): Promise<void> {
  const now = Date.now();
  const text = withNewSecret(
    serializeFirstSecret(SECRET, now),
    'plain text of another profile',
    now,
    overlapMs,
  );
  const sealed = secretBox.seal(text, endpointSecretsContext(store.project, endpoint));
  await store.pool.query('UPDATE endpoints SET secrets = $2 WHERE id = $1', [endpoint, sealed]);
}

test('an event older than a profile change is signed with the older secret, which fits it, during the overlap', async () => {
  await rotateToPlainText(60_000);
  const { ids } = await store.acceptEvent('mine');
  await engine.run(
    ids.map((id) => ({ id, step: 0 })),
    'mine',
    deadlineIn(10_000),
  );
  const [request] = receiver.requests;
  expect(request!.headers['webhook-signature']).not.toContain(' ');
  new Webhook(SECRET).verify(request!.body.toString(), request!.headers as Record<string, string>);
});

test('without an active secret that fits, each attempt fails without a POST and uses its step, including the last', async () => {
  await rotateToPlainText(0);
  const { ids } = await store.acceptEvent('mine', { policy: serializePolicy({ ...POLICY, delays: [0] }) });
  const [id] = ids as [string];
  const attempt = async (step: number) =>
    (await engine.run([{ id, step }], 'mine', deadlineIn(10_000))).results;
  expect(await attempt(0)).toEqual([{ id, kind: 'waiting', step: 1, dueInMs: 0, lastOutcome: 'blocked' }]);
  expect(await attempt(1)).toEqual([{ id, kind: 'undeliverable', lastOutcome: 'blocked' }]);
  const failed = { outcome: 'blocked', error_code: 'SECRET_NOT_FITTING', request_url: receiver.url };
  expect(await store.attemptsOf(id)).toMatchObject([
    { number: 1, step: 0, ...failed },
    { number: 2, step: 1, ...failed },
  ]);
  expect(receiver.requests).toHaveLength(0);
  expect(engine.failures).toEqual([]);
});
