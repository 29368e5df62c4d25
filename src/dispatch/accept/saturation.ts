import { performance } from 'node:perf_hooks';

/** Whether this process has no CPU left, and which projects are the reason. */
export type Saturation = {
  /** Counts a post. */
  recordPost(projectId: string): void;
  /** Whether the process is saturated, and the project has made at least 40 posts in the last 100 ms. */
  isCausedBy(projectId: string): boolean;
};

const WINDOW_MS = 100;
/** With fewer, a project gains little by waiting for its next posts. A slow machine is saturated by 700 posts a second. */
const BUSY_POSTS = 40;
/** The share of a window in which the event loop had work, or waited for a CPU. */
const SATURATED_UTILIZATION = 0.5;

/** Judges by the last complete window of 100 ms. */
export function createSaturation(
  now: () => number = () => performance.now(),
  elapsedUtilization: () => number = createUtilizationMeter(),
): Saturation {
  let startedAt = now();
  let posts = new Map<string, number>();
  let busyProjects: ReadonlySet<string> = new Set();

  function endWindow(): void {
    const elapsedMs = now() - startedAt;
    if (elapsedMs < WINDOW_MS) return;
    // After a pause the window was longer, and its posts say less.
    const needed = (BUSY_POSTS * elapsedMs) / WINDOW_MS;
    const isSaturated = elapsedUtilization() >= SATURATED_UTILIZATION;
    const busy = isSaturated ? [...posts].filter(([, count]) => count >= needed) : [];
    busyProjects = new Set(busy.map(([projectId]) => projectId));
    posts = new Map();
    startedAt = now();
  }

  return {
    recordPost(projectId) {
      endWindow();
      posts.set(projectId, (posts.get(projectId) ?? 0) + 1);
    },
    isCausedBy(projectId) {
      endWindow();
      return busyProjects.has(projectId);
    },
  };
}

/** Returns the utilization of the event loop since the last call. */
function createUtilizationMeter(): () => number {
  let last = performance.eventLoopUtilization();
  return () => {
    const current = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(current, last);
    last = current;
    return utilization;
  };
}
