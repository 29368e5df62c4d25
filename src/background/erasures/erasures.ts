import { setTimeout as sleep } from 'node:timers/promises';
import {
  dueErasures,
  holdErasure,
  type RunningErasure,
  releaseErasure,
} from '../../store/erasures/running-erasures.ts';
import { createErasureSteps, type ErasureStepDependencies, type ErasureTimes } from './erasure-step.ts';
import type { StepResult } from './step-result.ts';

export type Erasures = {
  /** Looks for jobs now instead of at the next tick. */
  wake(): void;
  /** Resolves when the step that runs has ended. */
  close(): Promise<void>;
};

export type ErasuresDependencies = Omit<ErasureStepDependencies, 'times'> & {
  onCompleted: (job: RunningErasure) => void;
  times?: ErasureTimes;
};

const ERASURE_TIMES: ErasureTimes = { attemptMs: 1_000, workflowStartMs: 30_000, callMs: 5_000 };

const TICK_MS = 1_000;
/** If a process dies, another goes on with its job after this time. */
const HOLD_MS = 10_000;
/** Then it is another project's turn. */
const TURN_MS = 2_000;
/** After each step the process rests for as long as it took, so that erasures take at most half of a connection. */
const MAX_REST_MS = 500;
/** After a failure, for example while Postgres is away. */
const FAILED_MS = 5_000;

/** Carries on the erasures of all projects, one step at a time. Every API process does this; each job is held by one. */
export function createErasures(deps: ErasuresDependencies): Erasures {
  const { pool, onCompleted, onFailure, times = ERASURE_TIMES } = deps;
  const closing = new AbortController();
  const isClosed = () => closing.signal.aborted;
  let working: Promise<void> | null = null;
  let isRequested = false;

  async function work(): Promise<void> {
    do {
      isRequested = false;
      for (const id of await dueErasures(pool)) {
        if (isClosed()) return;
        const job = await holdErasure(pool, id, HOLD_MS);
        if (job && (await takeTurn(job))) isRequested = true;
      }
    } while (isRequested && !isClosed());
  }

  /** Returns whether the job can go on at once. */
  async function takeTurn(job: RunningErasure): Promise<boolean> {
    const next = createErasureSteps({ ...deps, times }, job);
    const until = performance.now() + TURN_MS;
    let result: StepResult;
    try {
      do {
        const startedAt = performance.now();
        result = await next();
        if (result.kind === 'progress') await rest(performance.now() - startedAt);
      } while (result.kind === 'progress' && performance.now() < until && !isClosed());
    } catch (error) {
      onFailure(error);
      result = { kind: 'waiting', ms: FAILED_MS, waitingFor: null };
    }
    if (result.kind === 'completed') onCompleted(job);
    else if (result.kind === 'waiting') await releaseErasure(pool, job.id, result.ms, result.waitingFor);
    else await releaseErasure(pool, job.id, 0, null);
    return result.kind === 'progress';
  }

  const rest = (ms: number): Promise<void> =>
    sleep(Math.min(ms, MAX_REST_MS), undefined, { signal: closing.signal }).catch(() => {});

  const wake = (): void => {
    isRequested = true;
    if (working || isClosed()) return;
    working = work()
      .catch(onFailure)
      .finally(() => {
        working = null;
      });
  };
  const timer = setInterval(wake, TICK_MS);

  return {
    wake,
    async close() {
      closing.abort();
      clearInterval(timer);
      await working;
    },
  };
}
