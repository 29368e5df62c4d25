import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** Process ids by server, including the children of `postgres` and `temporal`. */
export type ServerPids = { posthorn: number[]; postgres: number[]; temporal: number[] };

export type Server = keyof ServerPids;
export const SERVERS: Server[] = ['posthorn', 'postgres', 'temporal'];

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/** Linux only. Finds the servers among the children of `root` by program name. */
export function serverPids(root: number): ServerPids {
  const children = Map.groupBy(allProcesses(), ({ parent }) => parent);
  const found: ServerPids = { posthorn: [root], postgres: [], temporal: [] };
  for (const { pid, program } of children.get(root) ?? []) {
    if (program !== 'postgres' && program !== 'temporal') continue;
    found[program] = [pid, ...(children.get(pid) ?? []).map((child) => child.pid)];
  }
  return found;
}

/** A process with its children, such as those of `postgres`. */
export const withChildren = (root: number): number[] => [
  root,
  ...allProcesses().flatMap(({ pid, parent }) => (parent === root ? [pid] : [])),
];

/** CPU time of each server since its start, in milliseconds. Exited children count for their parent. */
export const cpuMsByServer = (pids: ServerPids): Record<Server, number> => forEachServer(pids, cpuMsOf);

export const cpuMsOf = (pids: number[]): number => pids.reduce((sum, pid) => sum + cpuMsOfOne(pid), 0);

function cpuMsOfOne(pid: number): number {
  const fields = statOf(pid)?.fields;
  if (!fields) return 0;
  // utime, stime, cutime, cstime: fields 14 to 17 of proc(5); here the first is field 3.
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return (ticks * 1_000) / TICKS_PER_SECOND;
}

/** Memory of each server in MB. Pages shared by several processes count once. */
export function memoryMbByServer(pids: ServerPids): Record<Server, number> {
  const ofOne = (pid: number): number => {
    const kilobytes = /^Pss:\s+(\d+)/m.exec(readOrEmpty(`/proc/${pid}/smaps_rollup`))?.[1];
    return Number(kilobytes ?? 0) / 1_024;
  };
  return forEachServer(pids, (one) => Math.round(one.reduce((sum, pid) => sum + ofOne(pid), 0)));
}

/** Resident memory in MB, including pages shared with other processes. */
export function rssMb(pids: number[]): number {
  const kilobytes = (pid: number) =>
    Number(/^VmRSS:\s+(\d+)/m.exec(readOrEmpty(`/proc/${pid}/status`))?.[1] ?? 0);
  return Math.round(pids.reduce((sum, pid) => sum + kilobytes(pid), 0) / 1_024);
}

const forEachServer = (pids: ServerPids, measure: (pids: number[]) => number): Record<Server, number> => ({
  posthorn: measure(pids.posthorn),
  postgres: measure(pids.postgres),
  temporal: measure(pids.temporal),
});

function allProcesses(): { pid: number; parent: number; program: string }[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((name) => {
    const stat = statOf(Number(name));
    return stat ? [{ pid: Number(name), parent: Number(stat.fields[1]), program: stat.program }] : [];
  });
}

/** The program name may contain spaces and parentheses; the fields follow the last parenthesis. */
function statOf(pid: number): { program: string; fields: string[] } | null {
  const text = readOrEmpty(`/proc/${pid}/stat`);
  const end = text.lastIndexOf(')');
  if (end === -1) return null;
  return { program: text.slice(text.indexOf('(') + 1, end), fields: text.slice(end + 2).split(' ') };
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // the process has exited
  }
}
