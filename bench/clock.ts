/** Microseconds on the machine's monotonic clock, which all processes read alike: moments of two can be compared. */
export const nowMicros = (): number => Number(process.hrtime.bigint() / 1_000n);
