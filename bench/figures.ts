import type { FirstAttempt } from './processes/posthorn.ts';
import type { ServerPids } from './processes/process-usage.ts';

/** What a load is offered to. */
export type SubjectName = 'bare pipeline' | FirstAttempt;

export type ClosedLoopFigures = {
  acceptedPerSecond: number;
  deliveredPerSecond: number;
  notDelivered: number;
  repeated: number;
  refused: number;
  deliveries: number;
  /** Workflows started during the load, housekeeping included. */
  workflows: number;
  workflowsPerSecond: number;
  acceptP50Ms: number;
  acceptP95Ms: number;
  /** Milliseconds per delivery. */
  cpuMs: Record<keyof ServerPids, number>;
  totalCpuMs: number;
  memoryMb: Record<keyof ServerPids, number>;
};

/** Milliseconds. */
export type OpenLoopFigures = {
  notDelivered: number;
  refused: number;
  acceptP50: number;
  acceptP95: number;
  p50: number;
  p95: number;
  p99: number;
  firstThirdP95: number;
  lastThirdP95: number;
};

/** What this run has measured so far. */
export type Figures = {
  /** Of single posts, grouped. By subject and fan-out. */
  closedLoops: Map<`${SubjectName} ${number}`, ClosedLoopFigures>;
  /** By subject and events per second. */
  openLoops: Map<`${SubjectName} ${number}`, OpenLoopFigures>;
  /** Workflows per second of the bare engine, by the number of starters. */
  bareEngine: Map<number, number>;
};

export const noFigures = (): Figures => ({
  closedLoops: new Map(),
  openLoops: new Map(),
  bareEngine: new Map(),
});

/** Returns the figures for `key`, which are measured if they are missing. */
export async function measureOnce<K, V>(known: Map<K, V>, key: K, measure: () => Promise<V>): Promise<V> {
  const figures = known.get(key) ?? (await measure());
  known.set(key, figures);
  return figures;
}

/** `value ÷ reference` with two decimals, or empty without one of them. */
export const ratio = (value: number | undefined, reference: number | undefined): string =>
  value !== undefined && reference ? (value / reference).toFixed(2) : '';
