import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

type Found = { pid: number; command: string };

/** Every process that has `text` in its command line or its environment, this one left out. */
export function processesWith(text: string): Found[] {
  const found = process.platform === 'linux' ? fromProc(text) : fromPs(text);
  return found.filter(({ pid }) => pid !== process.pid);
}

function fromProc(text: string): Found[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const [command, environment] = ['cmdline', 'environ'].map((file) => read(`/proc/${pid}/${file}`));
      const matches = command!.includes(text) || environment!.includes(text);
      return matches ? [{ pid: Number(pid), command: command!.replaceAll('\0', ' ') }] : [];
    });
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // it has ended meanwhile
  }
}

function fromPs(text: string): Found[] {
  const lines = execFileSync('ps', ['axeww', '-o', 'pid=,command='], { encoding: 'utf8' }).split('\n');
  return lines
    .filter((line) => line.includes(text))
    .map((line) => ({ pid: Number.parseInt(line, 10), command: line.trim() }));
}
