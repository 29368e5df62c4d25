/** Runs a step of a loop. Never rejects: a step that fails is left to the next round, and does not stop those after it. */
export type RunEach = (key: unknown, step: () => Promise<unknown>) => Promise<void>;

/** Of consecutive failures of a step, which its key names, only the first is reported. */
export function createRunEach(onFailure: (error: unknown) => void): RunEach {
  const failing = new Set<unknown>();
  return async (key, step) => {
    try {
      await step();
      failing.delete(key);
    } catch (error) {
      if (!failing.has(key)) onFailure(error);
      failing.add(key);
    }
  };
}
