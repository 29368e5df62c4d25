import { Webhook } from 'standardwebhooks';
import { serializePolicy } from '../../../src/policy/retry-policy.ts';
import { standardWebhooks } from '../../../src/profiles/shipped/standard-webhooks.ts';
import { serializeFirstSecret, withNewSecret } from '../../../src/secrets/secret-rotation.ts';
import { assignDue } from '../../../src/store/deliveries/assignments/assign-due.ts';
import { endpointSecretsContext } from '../../../src/store/endpoints/endpoints.ts';
import { putProfile } from '../../../src/store/projects/profiles.ts';
import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { POLICY, SECRET, type SeededStore, secretBox, seedStore } from '../../store/scale/seed.ts';
import { deadlineIn, startTestEngine, type TestEngine } from './attempt-engine-set-up.ts';

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

/** The next version of the project's own profile `wire`, which says in a header which one it is. */
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

/** As a server would that does not answer: nobody reads the profiles until it ends. */
async function hangProfiles(): Promise<() => Promise<void>> {
  const client = await store.pool.connect();
  await client.query('BEGIN');
  await client.query('LOCK TABLE profiles IN ACCESS EXCLUSIVE MODE');
  return async () => {
    await client.query('ROLLBACK');
    client.release();
  };
}

/** What `look` finds in the end. */
async function untilFound<T>(look: () => Promise<T | null>): Promise<T> {
  let found: T | null = null;
  await eventually(async () => {
    found = await look();
    return found !== null;
  });
  return found!;
}

test('each attempt is made by the version that its event was accepted under', async () => {
  const [first, second] = [await putVersion('first'), await putVersion('second')];
  for (const version of [first, second, first])
    await engine.run(await deliver(version), 'mine', deadlineIn(10_000));
  expect(receiver.requests.map(({ headers }) => headers['x-mark'])).toEqual(['first', 'second', 'first']);
});

test('a profile in use costs no statement', async () => {
  const version = await putVersion('known');
  await engine.run(await deliver(version), 'mine', deadlineIn(10_000));
  const steps = await deliver(version);
  const end = await hangProfiles();
  try {
    expect((await engine.run(steps, 'mine', deadlineIn(10_000))).results).toMatchObject([
      { kind: 'delivered' },
    ]);
  } finally {
    await end();
  }
});

test('while a profile cannot be read its delivery is given back, comes again in a second, and nobody is charged', async () => {
  const steps = await deliver(await putVersion('late'));
  const { id } = steps[0]!;
  const end = await hangProfiles();
  try {
    expect((await engine.run(steps, 'mine', deadlineIn(10_000))).results).toEqual([{ id, kind: 'released' }]);
  } finally {
    await end();
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

test('a version that is nowhere is our fault: its delivery comes again in a minute', async () => {
  const steps = await deliver(7);
  expect((await engine.run(steps, 'mine', deadlineIn(10_000))).results).toMatchObject([{ kind: 'released' }]);
  expect((await store.deliveryOf(steps[0]!.id)).due_at.getTime() - Date.now()).toBeGreaterThan(50_000);
  expect(engine.failures).toHaveLength(1);
});

/** As after a change to a profile with secrets of plain text, and a rotation. */
async function rotateToPlainText(overlapMs: number): Promise<void> {
  const text = withNewSecret(
    serializeFirstSecret(SECRET),
    'plain text of another profile',
    Date.now(),
    overlapMs,
  );
  const sealed = secretBox.seal(text, endpointSecretsContext(store.project, endpoint));
  await store.pool.query('UPDATE endpoints SET secrets = $2 WHERE id = $1', [endpoint, sealed]);
}

test('an event from before a change of profile is signed with the older secret, which fits it, during the overlap', async () => {
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

test('with no secret in force that fits, each attempt fails without a POST and uses its step, the last one too', async () => {
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
