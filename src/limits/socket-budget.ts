import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** How a process divides its file descriptors between callers and receivers. */
export type SocketBudget = {
  /** Connections from callers of the API. */
  inbound: number;
  /** Connections to receivers, idle ones included. */
  outbound: number;
};

/** Above these numbers, memory and ports run out before file descriptors do. */
const MAX_INBOUND = 10_000;
const MAX_OUTBOUND = 4_096;
/** Descriptors for Temporal, files, DNS queries, the workflow sandbox, and connections to Postgres outside the pool. */
const RESERVED = 150;
const MIN_SHARED = 96;

/**
 * Divides `openFiles` descriptors (RLIMIT_NOFILE) after reserving `databasePool` for Postgres. Neither callers nor
 * receivers may use them up: Node aborts the process when the workflow sandbox cannot get a descriptor.
 * Throws if `openFiles` is too small.
 */
export function socketBudget(openFiles: number, databasePool: number): SocketBudget {
  const reserved = RESERVED + databasePool;
  const shared = openFiles - reserved;
  if (shared < MIN_SHARED) {
    throw new Error(
      `the limit of open files is ${openFiles}: Posthorn needs at least ${reserved + MIN_SHARED} (set ulimit -n, or LimitNOFILE in systemd)`,
    );
  }
  // A tenth stays free for sockets that are closing, and for dials that try a second address in parallel.
  return {
    inbound: Math.min(MAX_INBOUND, Math.floor(shared * 0.4)),
    outbound: Math.min(MAX_OUTBOUND, Math.floor(shared * 0.5)),
  };
}

/** RLIMIT_NOFILE of this process, or Infinity if unlimited or unknown. Node raises the soft limit to the hard limit. */
export function openFilesLimit(): number {
  try {
    return process.platform === 'linux'
      ? parseOpenFilesLimit(readFileSync('/proc/self/limits', 'utf8'))
      : parseLimit(execFileSync('/bin/sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim());
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

const parseOpenFilesLimit = (limits: string): number =>
  parseLimit(/^Max open files\s+(\S+)/m.exec(limits)?.[1] ?? '');

const parseLimit = (text: string): number => (/^\d+$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY);
