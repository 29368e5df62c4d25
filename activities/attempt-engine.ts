import type pg from 'pg';
import type { DeliveryStep, Standing, UnrecordedAttempt } from '../src/policy/standing.ts';
import { projectOfWorkflow } from '../src/policy/workflow-id.ts';
import { releaseUnstarted } from '../src/store/assignments.ts';
import {
  type ClaimableDelivery,
  readStandings,
  resolveExceptions,
  type WedgedClaim,
} from '../src/store/claim-exceptions.ts';
import { claimDeliveries, eventKey, type KnownBodies, LARGEST_CLAIMED_BODY } from '../src/store/claims.ts';
import type { AttemptReport } from '../workflows/contract.ts';
import {
  type AttemptDependencies,
  type Attempted,
  type Claimed,
  createAttempt,
  standingNow,
} from './attempt.ts';
import type { AttemptLimiter, AttemptSlot } from './attempt-limiter.ts';
import type { EventBodies } from './event-bodies.ts';
import { keepTrying } from './keep-trying.ts';
import { recordLate } from './record-late.ts';
import { aged, comeAgain } from './standings.ts';

/** No POST begins later than this after its claim was sent: a cancel that was answered must hold. */
const START_WITHIN_MS = 1_000;
/** What finds no slot in this time goes back to the queue in Postgres, where projects have their turns. */
const WAIT_FOR_SLOTS_MS = 5_000;
/** Bytes that deliveries of one large event send after one claim: they must all begin within its second. */
const BYTES_PER_CLAIM = 8 * 1024 * 1024;

export type AttemptEngineDependencies = Omit<AttemptDependencies, 'standingOf'> & {
  pool: pg.Pool;
  /** Who claims. Throws until others can see that this process lives: they would write its claims off. */
  processId: () => string;
  /** A connection of its own: what is released must not wait behind claims. */
  releasePool: pg.Pool;
  limiter: AttemptLimiter;
  bodies: EventBodies;
  /** Told when nothing of a workflow's batch waits for a claim any more: the dispatcher may start another. */
  onClaimed: (owner: string) => void;
  /** Told of claims that were written off as `unknown`, and of those of them whose process lives. */
  onUnknown: (count: number, wedged: WedgedClaim[]) => void;
};

export type AttemptEngine = {
  /** Claims, POSTs and records; returns by `giveUpAt` (performance.now()), with what Postgres did not take. */
  run(due: DeliveryStep[], owner: string, giveUpAt: number): Promise<AttemptReport>;
  /** Writes what `run` could not; throws while Postgres is away. */
  recordLate(unrecorded: UnrecordedAttempt[], owner: string): Promise<Standing[]>;
};

/** What an attempt does, without Temporal: claim, sign, POST, classify, record. */
export function createAttemptEngine(deps: AttemptEngineDependencies): AttemptEngine {
  const { pool, processId, releasePool, limiter, bodies, recorder, releaser } = deps;
  const { onClaimed, onOutcomes, onUndeliverable, onUnknown, onFailure, random, now } = deps;
  const attemptClaimed = createAttempt({ ...deps, standingOf });

  // Temporal reruns an activity of which it heard nothing for 10 s, although this process lives: its attempts are
  // waited for here, not written off and sent again.
  const underWay = new Map<string, Promise<Attempted>>();
  const keyOf = (owner: string, id: string): string => `${owner} ${id}`;
  /** For another workflow than `owner`, which lost the delivery while its attempt was under way here. */
  const isUnderWayFor = (owner: string, id: string): boolean =>
    [...underWay.keys()].some((key) => key.endsWith(` ${id}`) && key !== keyOf(owner, id));

  async function run(due: DeliveryStep[], owner: string, giveUpAt: number): Promise<AttemptReport> {
    const resumed = due.flatMap(({ id }) => underWay.get(keyOf(owner, id)) ?? []);
    const fresh = due.filter(({ id }) => !underWay.has(keyOf(owner, id)));
    const results = await Promise.all([...resumed, ...begin(fresh, owner, giveUpAt)]);
    const report: AttemptReport = { standings: [], unrecorded: [] };
    for (const one of results) {
      if (one.kind === 'unrecorded') report.unrecorded.push(one.attempt);
      else report.standings.push(aged(one.standing, one.endedAt));
    }
    return report;
  }

  /** A result for each; runs that come later find them from this moment on, before anything is claimed. */
  function begin(steps: DeliveryStep[], owner: string, giveUpAt: number): Promise<Attempted>[] {
    const all = attemptAll(steps, owner, giveUpAt);
    return steps.map(({ id, step }) => {
      const key = keyOf(owner, id);
      const one = all
        .then((results) => results.get(id) ?? standingNow(comeAgain(id, step)))
        .finally(() => underWay.delete(key));
      underWay.set(key, one);
      return one;
    });
  }

  /** Claims as many at a time as there are slots for. Throws only when nothing is under way. */
  async function attemptAll(
    steps: DeliveryStep[],
    owner: string,
    giveUpAt: number,
  ): Promise<Map<string, Attempted>> {
    const until = performance.now() + WAIT_FOR_SLOTS_MS;
    const batches: Promise<Attempted[]>[] = [];
    let waiting = steps;
    try {
      while (waiting.length > 0) {
        const slots = await limiter.acquire(projectOfWorkflow(owner), waiting.length, until);
        if (slots.length === 0) break;
        const batch = waiting.slice(0, slots.length);
        const { over } = await claimAndAttempt(batch, slots, owner, giveUpAt);
        batches.push(over);
        waiting = waiting.slice(slots.length);
      }
      if (waiting.length > 0) batches.push(handBack(waiting, owner, giveUpAt));
    } catch (error) {
      if (batches.length === 0) throw error;
      onFailure(error, null);
    }
    onClaimed(owner);
    const results = (await Promise.all(batches)).flat();
    return new Map(results.map((one) => [idOf(one), one]));
  }

  /** Resolves when the batch is claimed; what becomes of it then never throws. */
  async function claimAndAttempt(
    batch: DeliveryStep[],
    slots: AttemptSlot[],
    owner: string,
    giveUpAt: number,
  ): Promise<{ over: Promise<Attempted[]> }> {
    const { claims, left, unclaimed } = await claim(batch, slots, owner).catch((error) => {
      for (const slot of slots) slot.release();
      throw error;
    });
    for (const slot of left) slot.deferred();
    // Side by side: telling the rest apart, row by row, must not use up the second in which the plain ones may start.
    const over = Promise.all([
      attemptClaimed(claims, owner, giveUpAt),
      attemptRest(unclaimed, left, owner, giveUpAt),
    ]);
    return { over: over.then((results) => results.flat()) };
  }

  async function claim<T extends DeliveryStep>(
    steps: T[],
    slots: AttemptSlot[],
    owner: string,
    known?: KnownBodies,
  ): Promise<{ claims: Claimed[]; left: AttemptSlot[]; unclaimed: T[] }> {
    const sentAt = performance.now();
    const claims = await claimDeliveries(pool, owner, steps, processId(), known);
    const claimed = new Set(claims.map(({ id }) => id));
    return {
      claims: claims.map((one, place) => ({
        claim: one,
        slot: slots[place]!,
        sentAt,
        startBy: sentAt + START_WITHIN_MS,
      })),
      left: slots.slice(claims.length),
      unclaimed: steps.filter(({ id }) => !claimed.has(id)),
    };
  }

  /** Tells apart what was not plain, and attempts what may be sent. */
  async function attemptRest(
    rest: DeliveryStep[],
    slots: AttemptSlot[],
    owner: string,
    giveUpAt: number,
  ): Promise<Attempted[]> {
    if (rest.length === 0) return [];
    try {
      const isUnderWay = (id: string) => isUnderWayFor(owner, id) || releaser.isPending(id);
      const claimant = { processId: processId(), isUnderWay };
      const resolved = await resolveExceptions(pool, owner, rest, random, claimant);
      if (resolved.projectIds.size > 0) onOutcomes(resolved.projectIds);
      if (resolved.unknown.count > 0) onUnknown(resolved.unknown.count, resolved.unknown.wedged);
      if (resolved.undeliverable.length > 0) onUndeliverable(resolved.undeliverable);
      const { large = [], small = [] } = Object.groupBy(resolved.claimable, sizeOf);
      const free = [...slots];
      const attempts = [
        claimAgain(small, free.splice(0, small.length), owner, giveUpAt).then(({ over }) => over),
      ];
      for (const ofEvent of Map.groupBy(large, keyOfEvent).values()) {
        attempts.push(attemptLarge(ofEvent, free.splice(0, ofEvent.length), owner, giveUpAt));
      }
      return [...resolved.standings.map(standingNow), ...(await Promise.all(attempts)).flat()];
    } catch (error) {
      onFailure(error, null);
      return rest.map(comeAgainNow);
    } finally {
      for (const slot of slots) slot.release();
    }
  }

  /** Resolves when what is still free is claimed; neither this nor what becomes of it throws. */
  async function claimAgain(
    steps: DeliveryStep[],
    slots: AttemptSlot[],
    owner: string,
    giveUpAt: number,
    known?: KnownBodies,
  ): Promise<{ over: Promise<Attempted[]> }> {
    if (steps.length === 0) return { over: Promise.resolve([]) };
    try {
      const { claims, unclaimed } = await claim(steps, slots, owner, known);
      const over = Promise.all([
        attemptClaimed(claims, owner, giveUpAt),
        ...unclaimed.map(({ id, step }) => standingOf(id, step, owner, giveUpAt).then(standingNow)),
      ]);
      return { over: over.then((results) => results.flat()) };
    } catch (error) {
      onFailure(error, null);
      return { over: Promise.resolve(steps.map(comeAgainNow)) };
    }
  }

  /** Reads the body of an event once, however long that takes, and only then claims, few at a time. */
  async function attemptLarge(
    deliveries: ClaimableDelivery[],
    slots: AttemptSlot[],
    owner: string,
    giveUpAt: number,
  ): Promise<Attempted[]> {
    const event = deliveries[0]!;
    const until = performance.now() + WAIT_FOR_SLOTS_MS;
    try {
      const found = await bodies.withBody(event, until, async (body) => {
        const known = new Map([[keyOfEvent(event), body]]);
        const perClaim = Math.max(1, Math.floor(BYTES_PER_CLAIM / body.length));
        const attempts: Promise<Attempted[]>[] = [];
        for (let from = 0; from < deliveries.length; from += perClaim) {
          const some = deliveries.slice(from, from + perClaim);
          const { over } = await claimAgain(some, slots.slice(from, from + perClaim), owner, giveUpAt, known);
          attempts.push(over);
        }
        return (await Promise.all(attempts)).flat();
      });
      return found ? found.result : await handBack(deliveries, owner, giveUpAt);
    } catch (error) {
      onFailure(error, null);
      return deliveries.map(comeAgainNow);
    }
  }

  /** Gives what was never claimed back to the queue in Postgres. */
  async function handBack(steps: DeliveryStep[], owner: string, giveUpAt: number): Promise<Attempted[]> {
    const ids = steps.map(({ id }) => id);
    const released = await keepTrying(
      () => releaseUnstarted(releasePool, owner, ids),
      giveUpAt,
      (error) => onFailure(error, null),
    );
    const free = new Set(released);
    return steps.map(({ id, step }) =>
      standingNow(free.has(id) ? { id, kind: 'released' } : comeAgain(id, step)),
    );
  }

  async function standingOf(id: string, step: number, owner: string, giveUpAt: number): Promise<Standing> {
    const standings = await keepTrying(
      () => readStandings(pool, owner, [id]),
      giveUpAt,
      (error) => onFailure(error, id),
    );
    return standings?.[0] ?? comeAgain(id, step);
  }

  return {
    run,
    recordLate: (unrecorded, owner) =>
      recordLate({ db: pool, recorder, onUndeliverable, now }, unrecorded, owner),
  };
}

/** What has failed on our side is claimed anew: Postgres then says where it stands. */
const comeAgainNow = ({ id, step }: DeliveryStep): Attempted => standingNow(comeAgain(id, step));

const idOf = (one: Attempted): string => (one.kind === 'standing' ? one.standing.id : one.attempt.id);
const sizeOf = ({ bodyBytes }: ClaimableDelivery): 'large' | 'small' =>
  bodyBytes > LARGEST_CLAIMED_BODY ? 'large' : 'small';
const keyOfEvent = ({ projectId, eventId }: ClaimableDelivery): string => eventKey(projectId, eventId);
