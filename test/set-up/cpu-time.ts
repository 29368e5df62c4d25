/** Milliseconds for which this thread has worked so far: unlike the clock it stands while others use the machine. */
export function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
