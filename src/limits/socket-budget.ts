import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** How a process divides its file descriptors. */
export type SocketBudget = {
  /** Connections of the API's callers. */
  inbound: number;
  /** Connections to receivers, those that are kept included. */
  outbound: number;
};

/** More would serve no one: memory and ports end before. */
const MAX_INBOUND = 10_000;
const MAX_OUTBOUND = 4_096;
/** For Temporal, files, name lookups, timers of the workflow sandbox, and connections to Postgres beside the pool. */
const RESERVED = 150;
const MIN_SHARED = 96;

/**
 * Divides `openFiles`, the limit RLIMIT_NOFILE of this process with `databasePool` connections to Postgres. When the table
 * of descriptors is full, Node ends the whole process as soon as the workflow sandbox needs one, so neither callers nor
 * receivers may fill it.
 * Throws when there is too little to work with.
 */
export function socketBudget(openFiles: number, databasePool: number): SocketBudget {
  const reserved = RESERVED + databasePool;
  const shared = openFiles - reserved;
  if (shared < MIN_SHARED) {
    throw new Error(
      `the limit of open files is ${openFiles}: Posthorn needs ${reserved + MIN_SHARED} or more (ulimit -n, or LimitNOFILE in systemd)`,
    );
  }
  // A tenth stays free for sockets that are closing and for second tries of a dial.
  return {
    inbound: Math.min(MAX_INBOUND, Math.floor(shared * 0.4)),
    outbound: Math.min(MAX_OUTBOUND, Math.floor(shared * 0.5)),
  };
}

/** RLIMIT_NOFILE of this process; infinite where that is unlimited or unknown. Node raises the soft limit to the hard one. */
export function openFilesLimit(): number {
  try {
    return process.platform === 'linux'
      ? limitIn(readFileSync('/proc/self/limits', 'utf8'))
      : numberOf(execFileSync('/bin/sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim());
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

const limitIn = (limits: string): number => numberOf(/^Max open files\s+(\S+)/m.exec(limits)?.[1] ?? '');

const numberOf = (text: string): number => (/^\d+$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY);
