import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * Start time and command of a process, as a text that identifies it; undefined if it is not running. A process id
 * alone does not identify a process: after a crash or in a restarted container, it is soon reused.
 */
export function processIdentity(pid: number): string | undefined {
  const startedAt = processStartTime(pid);
  return startedAt === undefined ? undefined : `${startedAt} ${readCommand(pid)}`;
}

/**
 * Start time of a process, in the system's format; undefined once it has exited. Unlike the command it never changes:
 * an exiting process loses its command while it may still hold its ports.
 */
export function processStartTime(pid: number): string | undefined {
  if (process.platform !== 'linux') return readFromPs(pid, 'lstart=');
  const fields = statFields(pid);
  const [state, startedAt] = [fields[0], fields[19]];
  return state === 'Z' || state === 'X' ? undefined : startedAt;
}

function readCommand(pid: number): string {
  if (process.platform !== 'linux') return readFromPs(pid, 'command=') ?? '';
  return (readProcFile(pid, 'cmdline') ?? '').split('\0').join(' ').trim();
}

/** The fields after the name, which is in parentheses and may contain spaces and parentheses. */
function statFields(pid: number): string[] {
  const stat = readProcFile(pid, 'stat') ?? '';
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function readProcFile(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}

function readFromPs(pid: number, field: string): string | undefined {
  try {
    const [state, value] = ['stat=', field].map((name) =>
      execFileSync('ps', ['-o', name, '-p', String(pid)], { encoding: 'utf8' }).trim(),
    );
    return state?.startsWith('Z') ? undefined : value;
  } catch {
    return undefined;
  }
}
