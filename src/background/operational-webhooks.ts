import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { Acceptor } from '../api/ports.ts';
import { serializePolicy } from '../policy/retry-policy.ts';
import type { CompiledProfile } from '../profiles/compile-profile.ts';
import type { EventDraft } from '../store/events/event-draft.ts';
import { operationalEventId } from '../store/operational/operational-project.ts';
import { dueDigests, writeDigest } from '../store/operational/undeliverable-digests.ts';
import { markHandedOver, type WaitingEvent, waitingEvents } from '../store/operational/waiting-events.ts';
import { type Loop, startLoop } from './loops/loop.ts';
import { createRunEach } from './loops/run-each.ts';

export type OperationalWebhooksDependencies = {
  pool: pg.Pool;
  acceptor: Pick<Acceptor, 'acceptOne'>;
  /** The profile of operational webhooks. */
  profile: CompiledProfile;
  onFailure: (error: unknown) => void;
  intervalMs?: number;
};

const INTERVAL_MS = 1_000;
/** Events that are handed over together. */
const BATCH = 50;
/** What could not be handed over is left to the next round. It must not hold back the events of other owners. */
const MAX_FAILED = 500;

/**
 * Hands what owners are to be told to the engine, as events of their hidden projects. The id of the event follows from the
 * row: if a process dies in between, or two do the same, the event is found under its id and stored once.
 */
export function startOperationalWebhooks(deps: OperationalWebhooksDependencies): Loop {
  const { pool, acceptor, profile, onFailure, intervalMs = INTERVAL_MS } = deps;
  const runEach = createRunEach(onFailure);

  /** Hands over the next events, except `failed`, to which it adds. Returns whether there may be more. */
  async function handOver(failed: Set<string>): Promise<boolean> {
    const waiting = await waitingEvents(pool, [...failed], BATCH);
    const handed = await Promise.allSettled(waiting.map(accept));
    for (const [index, result] of handed.entries())
      if (result.status === 'rejected') {
        failed.add(waiting[index]!.id);
        onFailure(result.reason);
      }
    const done = waiting.filter(({ id }) => !failed.has(id));
    if (done.length > 0)
      await markHandedOver(
        pool,
        done.map(({ id }) => id),
      );
    return waiting.length === BATCH && failed.size < MAX_FAILED;
  }

  async function accept(event: WaitingEvent): Promise<void> {
    if (event.operationalProject !== null)
      await acceptor.acceptOne(draftOf(profile, event, event.operationalProject));
  }

  /** A digest that fails is left to the next round, and holds back neither those of other owners nor the events. */
  async function writeDigests(): Promise<void> {
    for (const project of await dueDigests(pool)) await runEach(project, () => writeDigest(pool, project));
  }

  return startLoop(
    async () => {
      await writeDigests();
      const failed = new Set<string>();
      while (await handOver(failed));
    },
    intervalMs,
    onFailure,
  );
}

/** The event of a row, always with the same content. */
function draftOf(
  profile: CompiledProfile,
  { id, type, data, createdAt }: WaitingEvent,
  projectId: string,
): EventDraft {
  const content = {
    id: operationalEventId(id),
    type,
    consumer: null,
    attributes: {},
    data: Buffer.from(data),
    createdAt,
  };
  const composed = profile.compose(content);
  if ('errors' in composed)
    throw new Error(`the profile ${profile.name} cannot compose an operational event`);
  return {
    ...content,
    ...composed,
    projectId,
    contentHash: createHash('sha256').update(`${type} ${data}`).digest(),
    profile: profile.name,
    profileVersion: profile.version,
    policy: serializePolicy(profile.policy),
    target: null,
    endpoint: null,
    test: false,
  };
}
