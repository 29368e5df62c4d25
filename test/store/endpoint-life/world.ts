import { randomUUID } from 'node:crypto';
import { createEndpointStates, sweepEndpointStates } from '../../../src/background/endpoint-states.ts';
import { expressOwner, SCHEDULE_OWNER } from '../../../src/policy/owner.ts';
import type { EndpointLimits } from '../../../src/policy/pacing.ts';
import { serializePolicy } from '../../../src/policy/retry-policy.ts';
import { type Claim, claimDeliveries } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import { resolveUnclaimed } from '../../../src/store/deliveries/claims/resolve-unclaimed.ts';
import { expireDeliveries } from '../../../src/store/deliveries/expire-deliveries.ts';
import { overdueOwners, releaseLost } from '../../../src/store/deliveries/reconciliation.ts';
import { recordAttempts } from '../../../src/store/deliveries/recording/record-attempts.ts';
import type { WithSignal } from '../../../src/store/deliveries/retry-and-cancel.ts';
import { changeEndpointState, type EndpointAction } from '../../../src/store/endpoints/endpoint-status.ts';
import { updateEndpoint } from '../../../src/store/endpoints/update-endpoint.ts';
import { recordHeartbeat } from '../../../src/store/processes/processes.ts';
import { putConsumer } from '../../../src/store/projects/consumers.ts';
import { endDrains } from '../../../src/store/receivers/gates/drain.ts';
import { easeGates, liftPassed } from '../../../src/store/receivers/gates/ease-gates.ts';
import { moveUnassigned } from '../../../src/store/receivers/gates/lanes.ts';
import { attemptRecordOf } from '../attempt-record.ts';
import type { SeededStore } from '../seed.ts';
import { accept, type FirstAttempt } from './accept.ts';
import { type Answer, conclude } from './answers.ts';
import { act, ease, endLeftOver, fail, limit, newModel, recover, send, suspend } from './model.ts';
import { createQueues, DRAIN_RATE } from './queues.ts';
import { readSent } from './read-sent.ts';
import { projectTime } from './time.ts';
import type { AllSaid } from './waiting.ts';

/** Retries within the workflow, and one that waits in Postgres. */
const POLICY = serializePolicy({ delays: [2, 20, 300, 2], timeout: 15, jitter: 0 });
const MAX_WORKFLOW_WAIT_MS = 60_000;
/** Its plan is `pro`, which includes webhooks, or `free`. */
const CONSUMER = 'acme';

/** What dies does so after its transaction is committed, and before what follows from it. */
export type Fate = 'lives' | 'dies';

export type World = Awaited<ReturnType<typeof startWorld>>;

/** An endpoint, the processes that work on its deliveries, and the model of what may be sent to it. */
export async function startWorld(store: SeededStore) {
  const { pool } = store;
  const project = await store.newProject();
  await pool.query(`UPDATE projects SET plans_in_force = '{pro}' WHERE id = $1`, [project]);
  await putConsumer(pool, project, { id: CONSUMER, name: null, plan: 'pro' });
  const endpoint = await store.newEndpoint({ project, consumer: CONSUMER });
  const scope = { projectId: project, consumer: null };
  const time = projectTime(pool, project);
  const model = newModel();
  const assignAll = createQueues(pool, project, endpoint);
  /** The workflows that run: when each of their deliveries is due, and at which step. */
  const workflows = new Map<string, Map<string, { step: number; dueAt: number }>>();
  const underWay: { claim: Claim; at: number; processId: string }[] = [];
  const accepted: string[] = [];
  const sentNow: string[] = [];
  const violations: string[] = [];
  const deps = {
    pool,
    drainRate: DRAIN_RATE,
    onReleased: () => {},
    onEnded: ({ owner, ids }: { owner: string; ids: string[] }) => forget(owner, ids),
    onOutcomes: () => {},
    onFailure: (error: unknown) => {
      throw error;
    },
  };
  const states = createEndpointStates(deps);
  let processId = '';
  /** As the owners of deliveries that they attempt without a workflow. */
  const alive = new Set<string>();
  let plan: 'pro' | 'free' = 'pro';

  function forget(owner: string, ids: string[]): void {
    for (const id of ids) workflows.get(owner)?.delete(id);
  }

  async function startProcess(): Promise<void> {
    processId = `prc_${randomUUID()}`;
    alive.add(expressOwner(processId));
    await recordHeartbeat(pool, { id: processId, role: 'worker', host: 'here', pid: 1 });
  }

  function dueNow(deliveries: { id: string; step: number }[]): Map<string, { step: number; dueAt: number }> {
    const dueAt = time.now();
    return new Map(deliveries.map(({ id, step }) => [id, { step, dueAt }]));
  }

  /** `from`: when the claim began. */
  async function noteSent(claims: Claim[], from: number): Promise<void> {
    if (claims.length === 0) return;
    const sent = await readSent(pool, claims);
    for (const { id, permittedAt, isHead } of sent) {
      const claim = claims.find((claimed) => claimed.id === id)!;
      const startInMs = claim.startInMs ?? 0;
      const start = { from: from + startInMs, at: time.now() + startInMs };
      const permitted = permittedAt && time.read(permittedAt);
      const wrong = send(model, { ...start, permittedAt: permitted, underWay: underWay.length, isHead });
      violations.push(...wrong.map((rule) => `${id} was sent ${rule}`));
      underWay.push({ claim, at: start.at, processId });
      sentNow.push(id);
    }
  }

  /** As the attempt activity does: first the common case, then what became claimable. */
  async function claimOf(owner: string): Promise<void> {
    const known = workflows.get(owner)!;
    const due = [...known].flatMap(([id, { step, dueAt }]) => (dueAt <= time.now() ? [{ id, step }] : []));
    const wanted = due.filter(({ id }) => !underWay.some(({ claim }) => claim.id === id));
    if (wanted.length === 0) return;
    let from = time.now();
    const claimed = await claimDeliveries(pool, owner, wanted, { processId });
    await noteSent(claimed, from);
    const rest = wanted.filter(({ id }) => !claimed.some((claim) => claim.id === id));
    const isInFlight = ({ id }: { id: string }) =>
      underWay.some((one) => one.claim.id === id && one.processId === processId);
    const claimant = { processId, isInFlight };
    from = time.now();
    const resolved = await resolveUnclaimed(pool, owner, rest, () => 0, claimant, MAX_WORKFLOW_WAIT_MS);
    for (const result of resolved.results)
      if (result.kind === 'waiting')
        known.set(result.id, { step: result.step, dueAt: from + result.dueInMs });
      else known.delete(result.id);
    from = time.now();
    await noteSent(await claimDeliveries(pool, owner, resolved.claimable, { processId }), from);
  }

  const world = {
    /** What the API said after the last command. */
    said: new Map() as AllSaid,
    ...{ project, endpoint, scope, store, time, model, underWay, accepted, sentNow, violations },
    async post(count: number, by: FirstAttempt, ttlMs: number | null): Promise<void> {
      const expiresAt = ttlMs === null ? {} : { expiresAt: new Date(Date.now() + ttlMs) };
      const drafts = Array.from({ length: count }, () =>
        store.draft({ projectId: project, consumer: CONSUMER, policy: POLICY, ...expiresAt }),
      );
      const from = time.now();
      const { ids, started, claims } = await accept(store, drafts, by, processId);
      accepted.push(...ids);
      if (started) workflows.set(started.owner, dueNow(started.ids.map((id) => ({ id, step: 0 }))));
      await noteSent(claims, from);
    },
    /** A process visits all queues. It may die before it starts a workflow. */
    assign: (fate: Fate): Promise<void> =>
      assignAll(({ workflowId, deliveries }) => {
        if (fate === 'lives') workflows.set(workflowId, dueNow(deliveries));
      }),
    async claim(): Promise<void> {
      for (const owner of [...workflows.keys()]) await claimOf(owner);
    },
    async record(index: number, answer: Answer, fate: Fate = 'lives'): Promise<void> {
      if (underWay.length === 0) return;
      const { claim, at } = underWay.splice(index % underWay.length, 1)[0]!;
      if (at > time.now()) await time.pass(at - time.now() + 1);
      const startedAt = time.stored(at);
      const { result, delayMs, finalReason, receiverFailure } = conclude(claim, answer, startedAt);
      const isScheduled = delayMs !== null && delayMs > MAX_WORKFLOW_WAIT_MS;
      const { outcome, statusCode } = result;
      // Of an attempt without a workflow: the one that carries on.
      const nextOwner = isScheduled ? SCHEDULE_OWNER : `retry/${randomUUID()}`;
      const record = attemptRecordOf(claim, {
        ...{ startedAt, outcome, statusCode, retryInMs: delayMs, finalReason, receiverFailure, nextOwner },
      });
      // Workflows count from here: finish() lets time pass only until Postgres says that a delivery is due.
      const from = time.now();
      const { transitions, resyncs, restricted } = await recordAttempts(pool, [record]);
      const [transition] = transitions;
      const now = time.now();
      if (transition?.owner === nextOwner && !isScheduled) workflows.set(nextOwner, dueNow([claim]));
      for (const known of workflows.values()) {
        if (!known.has(claim.id)) continue;
        if (transition?.status === 'retrying' && transition.owner && !isScheduled)
          known.set(claim.id, { step: transition.step, dueAt: from + delayMs! });
        else known.delete(claim.id);
      }
      if (!transition) return;
      if (outcome === 'delivered') recover(model);
      else if (receiverFailure) fail(model, { ...receiverFailure, startedAt: at }, { from, to: now });
      if (fate === 'dies') return;
      for (const { receiver, projectId } of restricted)
        await moveUnassigned(pool, 'restricted', receiver, projectId);
      if (outcome === 'delivered' && transition.hasGate) {
        ease(model, at, now);
        for (const { receiver, projectId } of await easeGates(pool, [{ ...transition, startedAt }]))
          await moveUnassigned(pool, 'fast', receiver, projectId);
      }
      await states.resume(resyncs.map(({ id }) => id));
    },
    async change(action: EndpointAction, fate: Fate): Promise<void> {
      if (fate === 'lives') await states.changeState(scope, endpoint, action);
      else await changeEndpointState(pool, scope, endpoint, action);
      act(model, action);
    },
    async setPlan(changed: typeof plan, fate: Fate): Promise<void> {
      plan = changed;
      const { generation } = await putConsumer(pool, project, { id: CONSUMER, name: null, plan });
      if (fate === 'dies') return;
      if (generation !== null)
        await states.applyPlans({ projectId: project, consumer: CONSUMER, generation });
      suspend(model, plan === 'free');
    },
    async limit(changes: Partial<EndpointLimits>, fate: Fate): Promise<void> {
      const changed = (await updateEndpoint(pool, scope, endpoint, changes))!;
      const { rate, concurrency, ordered } = changed;
      limit(model, { rate, concurrency, ordered }, time.now());
      if (fate === 'lives') await states.moveToLane(project, changed);
    },
    /** Tells the workflow, as the signal does that a command sends. */
    signalled({ signal }: WithSignal<unknown>, how: 'due' | 'ended'): void {
      if (!signal) return;
      if (how === 'ended') forget(signal.owner, signal.ids);
      const known = workflows.get(signal.owner);
      for (const id of signal.ids) {
        const found = known?.get(id);
        if (found) found.dueAt = time.now();
      }
    },
    /** From now on another process accepts and claims. This one goes on with its attempts. */
    startProcess,
    /** The newest process dies, and the others end their attempts. Its workflows go to another one, or are lost too. */
    async kill(workflowsToo: boolean): Promise<void> {
      const left = underWay.filter((one) => one.processId !== processId);
      underWay.splice(0, underWay.length, ...left);
      while (underWay.length > 0) await world.record(0, { status: 200 });
      // A process is silent for so long before it counts as lost: its permits have run out by then.
      await time.pass(5_000);
      await pool.query('UPDATE processes SET lost_at = now() WHERE id = $1', [processId]);
      alive.delete(expressOwner(processId));
      await startProcess();
      if (workflowsToo) workflows.clear();
    },
    /** What the background jobs do now and then. */
    async sweep(): Promise<void> {
      await sweepEndpointStates(deps, new Map(), 0);
      suspend(model, plan === 'free');
      while ((await expireDeliveries(pool)).mayBeMore);
      for (const receiver of await liftPassed(pool)) await moveUnassigned(pool, 'fast', receiver, project);
      endLeftOver(model);
      await endDrains(pool);
      for (const { owner, ids } of await overdueOwners(pool, 0, 1_000))
        if (!workflows.has(owner) && !alive.has(owner)) await releaseLost(pool, owner, ids);
    },
  };
  await startProcess();
  return world;
}
