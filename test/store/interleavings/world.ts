import { createEndpointStates, sweepEndpointStates } from '../../../src/background/endpoint-states.ts';
import { EXPRESS_EPOCH } from '../../../src/express/express-delivery.ts';
import type { Outcome } from '../../../src/policy/outcome.ts';
import { serializePolicy } from '../../../src/policy/retry-policy.ts';
import { assignDue } from '../../../src/store/deliveries/assignments/assign-due.ts';
import { releaseUnstarted } from '../../../src/store/deliveries/assignments/assignment.ts';
import { type Claim, claimDeliveries } from '../../../src/store/deliveries/claims/claim-deliveries.ts';
import { releaseClaims } from '../../../src/store/deliveries/claims/release-claims.ts';
import { resolveUnclaimed } from '../../../src/store/deliveries/claims/resolve-unclaimed.ts';
import { overdueOwners, releaseLost } from '../../../src/store/deliveries/reconciliation.ts';
import type { AttemptRecord } from '../../../src/store/deliveries/recording/attempt-record.ts';
import { recordAttempts } from '../../../src/store/deliveries/recording/record-attempts.ts';
import { cancelDelivery, retryDelivery } from '../../../src/store/deliveries/retry-and-cancel.ts';
import { cancelOpenDeliveries, markEndpointDeleted } from '../../../src/store/endpoints/delete-endpoint.ts';
import { changeEndpointState, type EndpointAction } from '../../../src/store/endpoints/endpoint-status.ts';
import type { EventDraft } from '../../../src/store/events/event-draft.ts';
import { putConsumer } from '../../../src/store/projects/consumers.ts';
import { updateProject } from '../../../src/store/projects/projects.ts';
import { acceptEvents } from '../accept-events.ts';
import { attemptRecordOf } from '../attempt-record.ts';
import { type SeededStore, secretBox } from '../seed.ts';
import {
  acceptExpress,
  type ExpressAccept,
  releaseLostExpress,
  releaseSilentExpress,
} from './accept-express.ts';
import { ALIVE } from './triggers.ts';

/** Failed attempts are due again at once, so that a run has many attempts. */
const POLICY = serializePolicy({ delays: [0, 0, 0], timeout: 1, jitter: 0 });
/** The consumer of all endpoints and events, and the only plan with which it may use webhooks. */
const CONSUMER = 'acme';
const PLAN = 'pro';

export type World = Awaited<ReturnType<typeof newWorld>>;

/** A model of workflows and workers: which delivery belongs to which workflow, the open claims, and the records written. */
export async function newWorld(store: SeededStore, onReleased: () => void) {
  const project = await store.newProject();
  await updateProject(store.pool, project, { plans: [PLAN] }, () => null);
  await putConsumer(store.pool, project, { id: CONSUMER, name: null, plan: PLAN });
  const endpoints = await Promise.all(
    [1, 2, 3].map(() => store.newEndpoint({ project, consumer: CONSUMER })),
  );
  const workflows = new Map<string, Map<string, number>>();
  const claims: Claim[] = [];
  /** Deliveries whose first attempt a process makes without a workflow, and whether it is alive. */
  const expressIds = new Map<string, boolean>();
  const written: AttemptRecord[] = [];
  const applied = new Set<string>();
  const ids: string[] = [];
  let count = 0;
  const { pool } = store;
  const onFailure = (error: unknown) => {
    throw error;
  };
  const deps = { pool, drainRate: 0, onReleased, onEnded: () => {}, onOutcomes: () => {}, onFailure };
  const { changeState, applyPlans } = createEndpointStates(deps);
  const scope = { projectId: project, consumer: null };
  const pick = <T>(from: T[], dice: number): T | undefined => from[dice % from.length];

  function assignTo(owner: string, deliveries: { id: string; step: number }[]): void {
    workflows.set(owner, new Map(deliveries.map(({ id, step }) => [id, step])));
  }

  async function claim(owner: string, isAcknowledged: boolean, isAlive: boolean): Promise<void> {
    const processId = isAlive ? ALIVE : null;
    const known = workflows.get(owner)!;
    const due = [...known].map(([id, step]) => ({ id, step }));
    const claimedNow = await claimDeliveries(pool, owner, due, isAcknowledged ? { processId } : {});
    if (!isAcknowledged) return;
    const claimed = new Set(claimedNow.map(({ id }) => id));
    const rest = due.filter(({ id }) => !claimed.has(id));
    const { results, claimable } = await resolveUnclaimed(pool, owner, rest, () => 0);
    for (const result of results) {
      if (result.kind === 'waiting') known.set(result.id, result.step);
      else known.delete(result.id);
    }
    const claimedLater = await claimDeliveries(pool, owner, claimable, { processId });
    claims.push(...claimedNow, ...claimedLater);
  }

  function takeClaims(dice: number): Claim[] {
    if (claims.length === 0) return [];
    return claims.splice(dice % claims.length, 1 + (dice % 5));
  }

  const recordOf = (claim: Claim, outcome: Outcome): AttemptRecord =>
    attemptRecordOf(claim, {
      durationMs: 1,
      outcome,
      statusCode: outcome === 'delivered' ? 200 : 503,
      retryInMs: claim.step < 3 ? 0 : null,
      nextOwner:
        expressIds.has(claim.id) && claim.epoch === EXPRESS_EPOCH ? `retry ${project} ${count++}` : null,
    });

  async function write(records: AttemptRecord[]): Promise<void> {
    for (const { id, epoch, step, status } of (await recordAttempts(pool, records)).transitions) {
      const key = `${id} ${epoch}`;
      if (applied.has(key)) throw new Error(`the record of ${key} was applied twice`);
      applied.add(key);
      const { nextOwner } = records.find((record) => record.id === id && record.epoch === epoch)!;
      // It starts even if the delivery has got another owner meanwhile.
      if (nextOwner && status === 'retrying') assignTo(nextOwner, [{ id, step }]);
      for (const known of workflows.values()) if (known.has(id)) known.set(id, step);
    }
  }

  const newDrafts = (dice: number): EventDraft[] =>
    Array.from({ length: 1 + (dice % 3) }, () =>
      store.draft({ projectId: project, policy: POLICY, consumer: CONSUMER }),
    );

  async function acceptWithoutWorkflow(how: ExpressAccept, dice: number): Promise<void> {
    const accepted = await acceptExpress(store, newDrafts(dice), how);
    ids.push(...accepted.ids);
    claims.push(...accepted.claims);
    for (const { id } of accepted.claims) expressIds.set(id, how === 'accept express');
  }

  async function accept(assign: boolean, dice: number): Promise<void> {
    const drafts = newDrafts(dice);
    const owner = `initial ${project} ${count++}`;
    const { deliveries } = await acceptEvents(pool, secretBox, drafts, () => (assign ? owner : null));
    ids.push(...deliveries.map(({ id }) => id));
    if (assign)
      assignTo(
        owner,
        deliveries.map(({ id }) => ({ id, step: 0 })),
      );
  }

  async function assign(minDeliveries = 1): Promise<number> {
    const uuid = `${count++}`;
    const assignment = await assignDue(pool, project, {
      maxDeliveries: 10,
      minDeliveries,
      grouping: count % 2 === 0,
      uuid,
    });
    if (assignment) assignTo(assignment.workflowId, assignment.deliveries);
    return assignment?.deliveries.length ?? 0;
  }

  async function deleteEndpoint(id: string): Promise<void> {
    await markEndpointDeleted(pool, project, null, id);
    for (let next: string | null = ''; next !== null; )
      next = (await cancelOpenDeliveries(pool, id, next)).next;
  }

  async function setPlan(plan: string, crashes: boolean): Promise<void> {
    const { generation } = await putConsumer(pool, project, { id: CONSUMER, name: null, plan });
    if (generation !== null && !crashes)
      await applyPlans({ projectId: project, consumer: CONSUMER, generation });
  }

  const world = {
    project,
    hasEnded: false,
    async act(name: string, dice: number): Promise<void> {
      const owner = pick([...workflows.keys()], dice);
      const ownedIds = owner ? [...workflows.get(owner)!.keys()] : [];
      const id = pick(ids, dice);
      if (name === 'accept') await accept(false, dice);
      else if (name === 'accept and assign') await accept(true, dice);
      else if (name === 'accept uncertainly' || name.startsWith('accept express'))
        await acceptWithoutWorkflow(name as ExpressAccept, dice);
      else if (name === 'release lost express') await releaseLostExpress(store);
      else if (name === 'release silent express') await releaseSilentExpress(store, ids);
      else if (name === 'assign') await assign(1 + (dice % 4));
      else if (name === 'delete endpoint') {
        if (dice % 6 === 0) await deleteEndpoint(pick(endpoints, dice)!);
      } else if (name === 'resume and crash')
        await changeEndpointState(pool, scope, pick(endpoints, dice)!, 'resume');
      else if (['pause', 'resume', 'disable', 'enable'].includes(name))
        await changeState(scope, pick(endpoints, dice)!, name as EndpointAction);
      else if (name === 'lower the plan') await setPlan('free', false);
      else if (name.startsWith('raise the plan')) await setPlan(PLAN, name.endsWith('crash'));
      else if (name.startsWith('record again')) await write(written.slice(-(dice % 20) - 1));
      else if (name.startsWith('record')) {
        const records = takeClaims(dice).map((claim) =>
          recordOf(claim, dice % 3 === 0 ? 'delivered' : 'rejected'),
        );
        written.push(...records);
        await Promise.all([write(records), name === 'record twice at once' && write([...records].reverse())]);
      } else if (name === 'release claims') {
        for (const claim of takeClaims(dice)) {
          await releaseClaims(pool, [{ ...claim, lane: 'fast', dueInMs: 0 }]);
        }
      } else if (name === 'cancel' && id) await cancelDelivery(pool, project, null, id);
      else if (name === 'retry' && id) {
        const { result } = await retryDelivery(pool, project, null, id);
        if (result.kind === 'replayed') ids.push(result.deliveryId);
      } else if (!owner) return;
      else if (name === 'claim') await claim(owner, true, dice % 2 === 0);
      else if (name === 'claim without acknowledgement') await claim(owner, false, false);
      else if (name === 'fail start') await releaseUnstarted(pool, owner, ownedIds);
      else if (name === 'lose workflow') {
        workflows.delete(owner);
        await releaseLost(pool, owner, ownedIds);
      }
    },
    /**
     * Resumes all endpoints as if the process had crashed afterwards, and loses all workflows. Sweeping, reconciling and
     * assigning must then reach every open delivery.
     */
    async finish(): Promise<void> {
      await setPlan(PLAN, true);
      for (const endpoint of endpoints) {
        await changeEndpointState(pool, scope, endpoint, 'resume');
        await changeEndpointState(pool, scope, endpoint, 'enable');
      }
      await sweepEndpointStates(deps, new Map(), 0);
      // The process that is alive records what it has begun, however late.
      await write(claims.filter(({ id }) => expressIds.get(id)).map((claim) => recordOf(claim, 'delivered')));
      for (;;) {
        for (const { owner, ids } of await overdueOwners(pool, 0, 10_000)) {
          if (ids.some((id) => id !== '')) await releaseLost(pool, owner, ids);
        }
        workflows.clear();
        if ((await assign()) === 0) return;
        for (const owner of workflows.keys()) await claim(owner, true, true);
        await write(claims.splice(0).map((claim) => recordOf(claim, 'delivered')));
      }
    },
  };
  for (let i = 0; i < 3; i++) await accept(i === 0, i);
  return world;
}
