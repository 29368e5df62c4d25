/** Microseconds on the machine's monotonic clock, which is the same for all processes. */
export const nowMicros = (): number => Number(process.hrtime.bigint() / 1_000n);
