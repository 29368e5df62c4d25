/** CPU time that this thread has used, in milliseconds. Unlike wall-clock time, it does not grow while other processes run. */
export function cpuMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}
