/** How long a body may pause: longer than a few retransmissions of a lost packet take. */
const MAX_SILENCE_MS = 5_000;
/** After this time, a body must have arrived at this average rate, which any connection reaches. */
const GRACE_MS = 5_000;
const BYTES_PER_SECOND = 16 * 1024;
const CHECK_INTERVAL_MS = 500;

type Body = { startedAt: number; lastByteAt: number; size: number; onSlow: () => void };

/** Calls `onSlow` for a body that arrives too slowly. An unfinished body occupies memory that others need. */
export function createSlowBodyDetector(
  now: () => number,
): (onSlow: () => void) => { addBytes(bytes: number): void; end(): void } {
  const bodies = new Set<Body>();
  let timer: NodeJS.Timeout | undefined;

  const check = (): void => {
    // Stopping the timer with the last body would start and stop one for most bodies, which arrive with their headers.
    if (bodies.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
    const time = now();
    for (const body of bodies) {
      const allowedMs = GRACE_MS + (body.size / BYTES_PER_SECOND) * 1_000;
      if (time - body.lastByteAt > MAX_SILENCE_MS || time - body.startedAt > allowedMs) body.onSlow();
    }
  };

  return (onSlow) => {
    const time = now();
    const body = { startedAt: time, lastByteAt: time, size: 0, onSlow };
    bodies.add(body);
    timer ??= setInterval(check, CHECK_INTERVAL_MS).unref();
    return {
      addBytes(bytes) {
        body.size += bytes;
        body.lastByteAt = now();
      },
      end() {
        bodies.delete(body);
      },
    };
  };
}
