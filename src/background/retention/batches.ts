import { setTimeout as sleep } from 'node:timers/promises';

/** Removes one batch. Returns whether there may be more to remove. */
export type RemoveBatch = () => Promise<boolean>;

export type TurnsOptions = {
  /** Checked before each batch and during a pause. */
  mayRun: () => boolean;
  /** The time of performance.now() after which no further batch begins. */
  until: number;
  /** A batch is followed by a pause of this many times what it took. */
  pauseFactor: number;
  /** Called after each batch. */
  onBatch: () => void;
};

/** A pause is not longer, so that the end of a process does not wait for it. */
const MAX_PAUSE_MS = 1_000;

/**
 * Runs batches in turn, one of each kind, so that none waits for the whole backlog of another. Returns whether nothing is left;
 * false: the time was over. A batch must not reject.
 */
export async function takeTurns(kinds: RemoveBatch[], options: TurnsOptions): Promise<boolean> {
  const { mayRun, until, pauseFactor, onBatch } = options;
  let open = kinds;
  while (open.length > 0) {
    const withMore: RemoveBatch[] = [];
    for (const removeBatch of open) {
      const startedAt = performance.now();
      if (!mayRun() || startedAt > until) return false;
      if (await removeBatch()) withMore.push(removeBatch);
      onBatch();
      const pauseMs = Math.min(MAX_PAUSE_MS, (performance.now() - startedAt) * pauseFactor);
      if (pauseMs >= 1) await sleep(pauseMs);
    }
    open = withMore;
  }
  return true;
}

/**
 * One kind of batch for many tenants: each call removes a batch of the next tenant. Tenants with more take turns, so one with
 * months of data does not hold up the others.
 */
export function inRotation(
  tenants: string[],
  removeBatchOf: (tenant: string) => Promise<boolean>,
): RemoveBatch {
  const waiting = [...tenants];
  return async () => {
    const tenant = waiting.shift();
    if (tenant !== undefined && (await removeBatchOf(tenant))) waiting.push(tenant);
    return waiting.length > 0;
  };
}
