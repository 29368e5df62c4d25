import { checked } from './commands.ts';
import { type AllSaid, isOpen } from './waiting.ts';
import type { World } from './world.ts';

/** More than the longest wait of any rule needs, one second at a time when nothing says until when. */
const MAX_ROUNDS = 400;

const openOf = (said: AllSaid) => [...said.values()].filter(isOpen);

/** In the first, a workflow may give the delivery back to the queue in Postgres, from which the next round takes it. */
const MAX_ROUNDS_FOR_POSTHORN = 2;

/**
 * Opens the endpoint, and lets all processes work until nothing is open. What is said to wait only for Posthorn has to be
 * sent within two rounds; what is said to wait until a time, once that has come.
 */
export async function finish(world: World): Promise<void> {
  await checked(world, () => world.setPlan('pro', 'dies'));
  await checked(world, () => world.change('enable', 'dies'));
  await checked(world, () => world.change('resume', 'dies'));
  const roundsForPosthorn = new Map<string, number>();
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    await recordAll(world);
    const before = await checked(world, () => world.sweep());
    if (openOf(before).length === 0) return;
    await checked(world, () => world.assign('lives'));
    const after = await checked(world, () => world.claim());
    const sent = new Set(world.sentNow);
    for (const { id, waitingFor } of after.values()) {
      const isLeft = waitingFor === 'engine' && before.get(id)?.waitingFor === 'engine';
      roundsForPosthorn.set(id, isLeft ? (roundsForPosthorn.get(id) ?? 0) + 1 : 0);
    }
    const ignored = openOf(after).filter(({ id }) => roundsForPosthorn.get(id)! >= MAX_ROUNDS_FOR_POSTHORN);
    if (ignored.length > 0)
      throw new Error(`not sent although it waited only for Posthorn: ${JSON.stringify(ignored)}`);
    if (sent.size === 0) await passUntilNext(world, after);
  }
  throw new Error(`still open: ${JSON.stringify(openOf(await checked(world, async () => {})))}`);
}

async function recordAll(world: World): Promise<void> {
  while (world.underWay.length > 0) await checked(world, () => world.record(0, { status: 200 }));
}

async function passUntilNext({ time }: World, said: AllSaid): Promise<void> {
  const untils = openOf(said).flatMap(({ until }) => (until === null ? [] : [until - time.now()]));
  const isQueued = openOf(said).some(({ until }) => until === null);
  await time.pass(Math.max(100, Math.min(isQueued ? 1_000 : Number.POSITIVE_INFINITY, ...untils)));
}

/** Ends what a failed run has left, which the next one would be given. */
export async function abandon({ store, project }: World): Promise<void> {
  await store.pool.query(
    `UPDATE deliveries SET status = 'cancelled', due_at = NULL, claimed_at = NULL, waiting_for = NULL, owner = NULL
     WHERE project_id = $1 AND status IN ('pending', 'retrying', 'held')`,
    [project],
  );
}
