import fc from 'fast-check';
import { DEFAULT_QUOTAS } from '../../../src/policy/quotas.ts';
import { matchesFilter } from '../../../src/recoveries/matches-filter.ts';
import { cancelDelivery, retryDelivery } from '../../../src/store/deliveries/retry-and-cancel.ts';
import { changeSecrets } from '../../../src/store/endpoints/change-secrets.ts';
import { newId } from '../../../src/store/postgres/ids.ts';
import { insertJob } from '../../../src/store/recoveries/bulk-jobs.ts';
import { workOnJob } from '../../../src/store/recoveries/work-on-job.ts';
import type { FirstAttempt } from './accept.ts';
import { ANSWERS } from './answers.ts';
import type { EndpointModel } from './model.ts';
import { type AllSaid, brokenPromises, contradictions, readWaiting } from './waiting.ts';
import type { Fate, World } from './world.ts';

type Run = (world: World) => Promise<unknown>;
export type Command = fc.AsyncCommand<EndpointModel, World>;

/** Checks after each command that everything holds. */
export async function checked(world: World, run: Run): Promise<AllSaid> {
  const before = world.said;
  world.sentNow.length = 0;
  await run(world);
  const after = await readWaiting(world);
  world.said = after;
  const wrong = [...world.violations, ...brokenPromises(world, before), ...contradictions(world, after)];
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
  return after;
}

const command = (name: string, run: Run): Command => ({
  check: () => true,
  run: (_model, world) => checked(world, run).then(() => undefined),
  toString: () => name,
});

/** The policy's timeout is 15 s: requests do not last longer. */
const LONGEST_UNDER_WAY_MS = 1_000;

const pass = (ms: number): Command =>
  command(`pass ${ms} ms`, ({ time, underWay }) =>
    time.pass(underWay.length > 0 ? Math.min(ms, LONGEST_UNDER_WAY_MS) : ms),
  );

async function recover({ store, project, endpoint }: World): Promise<void> {
  const everything = {
    consumer: null,
    type: null,
    outcome: null,
    statusCode: null,
    errorCode: null,
    eventsSince: null,
  };
  const filter = { ...everything, endpoint, since: new Date(0), until: new Date(Date.now() + 86_400_000) };
  const scope = { kind: 'recover_failed', projectId: project, filter, deliveryIds: null } as const;
  const about = { consumer: null, startedBy: 'test', policy: '', rate: null, counted: 0, countedTo: null };
  const id = newId('rec', Date.now());
  const { run } = await insertJob(store.pool, { ...scope, ...about, id }, DEFAULT_QUOTAS);
  while ((await workOnJob(store.pool, id, run, matchesFilter)) !== null);
}

const one = (ids: string[], n: number): string => ids[n % ids.length]!;

async function retry(world: World, n: number): Promise<void> {
  const { store, project, accepted } = world;
  if (accepted.length === 0) return;
  world.signalled(await retryDelivery(store.pool, project, null, one(accepted, n)), 'due');
}

async function cancel(world: World, n: number): Promise<void> {
  const { store, project, accepted } = world;
  if (accepted.length === 0) return;
  world.signalled(await cancelDelivery(store.pool, project, null, one(accepted, n)), 'ended');
}

/** As if the endpoint had failed for two minutes: the next failures begin a cool-down. */
async function haveFailed({ store, project, endpoint, model, time }: World): Promise<void> {
  const firstAt = time.now() - 120_000;
  await store.pool.query(
    `INSERT INTO receiver_failures (receiver, project_id, failures, first_failure_at, last_failure_at)
     VALUES ($1, $2, 19, $3, now()) ON CONFLICT (receiver) DO UPDATE SET failures = 19, first_failure_at = $3`,
    [endpoint, project, time.stored(firstAt)],
  );
  model.failures = { count: 19, firstAt };
}

const fate = fc.constantFrom<Fate>('lives', 'lives', 'dies');
const number = fc.nat(50);
const always = (name: string, run: Run) => fc.constant(command(name, run));

const limits = fc.oneof(
  fc
    .constantFrom(null, { limit: 5, per: 'second' } as const, { limit: 60, per: 'minute' } as const)
    .map((rate) => ({ rate })),
  fc.constantFrom(null, 1, 2).map((concurrency) => ({ concurrency })),
  fc.boolean().map((ordered) => ({ ordered })),
);

const post = fc
  .tuple(
    fc.integer({ min: 1, max: 8 }),
    fc.constantFrom<FirstAttempt>('queue', 'workflow', 'express'),
    fc.constantFrom(null, null, null, 5_000, 60_000),
  )
  .map(([count, by, ttl]) =>
    command(`post ${count} by ${by}${ttl ? ` for ${ttl} ms` : ''}`, (world) => world.post(count, by, ttl)),
  );
const record = fc
  .tuple(number, fc.constantFrom(...ANSWERS), fate)
  .map(([n, answer, ends]) =>
    command(`answer ${n} ${JSON.stringify(answer)} and ${ends}`, (world) => world.record(n, answer, ends)),
  );
const change = fc
  .tuple(fc.constantFrom('pause', 'resume', 'disable', 'enable', 'resume', 'enable'), fate)
  .map(([action, ends]) => command(`${action} and ${ends}`, (world) => world.change(action, ends)));
const assign = fate.map((ends) => command(`assign and ${ends}`, (world) => world.assign(ends)));
const claim = always('claim', (world) => world.claim());
const send = always('assign and claim', async (world) => {
  await world.assign('lives');
  await world.claim();
});

export const commands: fc.Arbitrary<Command>[] = [
  post,
  post,
  assign,
  claim,
  send,
  send,
  send,
  record,
  record,
  record,
  change,
  fc.constantFrom(100, 1_000, 2_500, 20_000, 100_000, 400_000).map(pass),
  fc.constantFrom(300, 3_000, 30_000).map(pass),
  fc
    .tuple(limits, fate)
    .map(([changes, ends]) =>
      command(`limit ${JSON.stringify(changes)} and ${ends}`, (world) => world.limit(changes, ends)),
    ),
  number.map((n) => command(`retry ${n}`, (world) => retry(world, n))),
  number.map((n) => command(`cancel ${n}`, (world) => cancel(world, n))),
  fc
    .boolean()
    .map((all) => command(`kill the worker${all ? ' and its workflows' : ''}`, (world) => world.kill(all))),
  fc
    .tuple(fc.constantFrom<'free' | 'pro'>('free', 'pro', 'pro'), fate)
    .map(([plan, ends]) => command(`set the plan ${plan} and ${ends}`, (world) => world.setPlan(plan, ends))),
  always('start another process', (world) => world.startProcess()),
  always('sweep', (world) => world.sweep()),
  always('recover', recover),
  always('have failed', haveFailed),
  always('rotate the secret', ({ store, scope, endpoint }) =>
    changeSecrets(store.pool, scope, endpoint, (sealed) => sealed),
  ),
];
