/** Returns a function that calls `ring` after so many milliseconds, unless a call is due already. Infinity sets none. */
export function createAlarm(ring: () => void): (ms: number) => void {
  let isSet = false;
  return (ms) => {
    if (isSet || ms === Number.POSITIVE_INFINITY) return;
    isSet = true;
    setTimeout(() => {
      isSet = false;
      ring();
    }, Math.ceil(ms)).unref();
  };
}
