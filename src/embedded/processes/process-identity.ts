import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * When a process started and with what command, as one text that no other process has; undefined when it does not
 * run. A bare process id is no proof: after a crash or in a restarted container it soon belongs to another.
 */
export function processIdentity(pid: number): string | undefined {
  const startedAt = processStartTime(pid);
  return startedAt === undefined ? undefined : `${startedAt} ${commandOf(pid)}`;
}

/**
 * When a process started, in the system's own terms; undefined once it is gone. Unlike its command it stays the same
 * to the last: a process that is ending has lost its command while it may still hold its ports.
 */
export function processStartTime(pid: number): string | undefined {
  if (process.platform !== 'linux') return fromPs(pid, 'lstart=');
  const fields = statFields(pid);
  const [state, startedAt] = [fields[0], fields[19]];
  return state === 'Z' || state === 'X' ? undefined : startedAt;
}

function commandOf(pid: number): string {
  if (process.platform !== 'linux') return fromPs(pid, 'command=') ?? '';
  return (fromProc(pid, 'cmdline') ?? '').split('\0').join(' ').trim();
}

/** The fields after the name, which is in parentheses and may itself hold spaces and parentheses. */
function statFields(pid: number): string[] {
  const stat = fromProc(pid, 'stat') ?? '';
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function fromProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return undefined;
  }
}

function fromPs(pid: number, field: string): string | undefined {
  try {
    const [state, value] = ['stat=', field].map((name) =>
      execFileSync('ps', ['-o', name, '-p', String(pid)], { encoding: 'utf8' }).trim(),
    );
    return state?.startsWith('Z') ? undefined : value;
  } catch {
    return undefined;
  }
}
