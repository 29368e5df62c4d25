/** A body may stop for so long, which is longer than a lost packet takes to be sent again a few times. */
const SILENCE_MS = 5_000;
/** And beyond that long it must have come with as many bytes a second, which any line has. */
const GRACE_MS = 5_000;
const BYTES_PER_SECOND = 16 * 1024;
const LOOK_EVERY_MS = 500;

type Body = { beganAt: number; lastAt: number; size: number; onSlow: () => void };

/** Calls back once for each body that comes too slowly. A body held open takes memory that others could have. */
export function createSlowBodyDetector(
  now: () => number,
): (onSlow: () => void) => { addBytes(bytes: number): void; end(): void } {
  const bodies = new Set<Body>();
  let timer: NodeJS.Timeout | undefined;

  const look = (): void => {
    // Not with the last body: most come with their head, and would each begin and end a timer.
    if (bodies.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
    const time = now();
    for (const body of bodies) {
      const allowedMs = GRACE_MS + (body.size / BYTES_PER_SECOND) * 1_000;
      if (time - body.lastAt > SILENCE_MS || time - body.beganAt > allowedMs) body.onSlow();
    }
  };

  return (onSlow) => {
    const time = now();
    const body = { beganAt: time, lastAt: time, size: 0, onSlow };
    bodies.add(body);
    timer ??= setInterval(look, LOOK_EVERY_MS).unref();
    return {
      addBytes(bytes) {
        body.size += bytes;
        body.lastAt = now();
      },
      end() {
        bodies.delete(body);
      },
    };
  };
}
