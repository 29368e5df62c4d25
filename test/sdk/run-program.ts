import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { findPython } from '../set-up/find-python.ts';

export const SDK_FOLDER = join(__dirname, '../../sdk');

export type ProgramResult = { code: number | null; stdout: string; stderr: string };

/** Runs a program until it exits, with `input` on its stdin. Requests to a loopback server bypass any proxy. */
export function runProgram(
  command: string,
  args: string[],
  { cwd, env, input = '' }: { cwd?: string; env?: Record<string, string>; input?: string } = {},
): Promise<ProgramResult> {
  const child = spawn(command, args, { cwd, env: { ...process.env, no_proxy: '127.0.0.1', ...env } });
  const ended: ProgramResult = { code: null, stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (ended.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (ended.stderr += text));
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ ...ended, code }));
  });
}

const python = findPython();

/** Runs Python with the SDK on its path. Throws with the output if it fails. */
export async function runPython(args: string[], input?: string): Promise<ProgramResult> {
  const ended = await runProgram(python!, args, {
    cwd: join(SDK_FOLDER, 'python'),
    env: { PYTHONPATH: 'src', PYTHONDONTWRITEBYTECODE: '1', PYTHONIOENCODING: 'utf-8' },
    ...(input !== undefined && { input }),
  });
  if (ended.code !== 0) throw new Error(ended.stderr + ended.stdout);
  return ended;
}

/** A test that is skipped if there is no Python, with the reason in its name. */
export const testWithPython = (name: string, run: () => Promise<void>): void =>
  python === undefined ? test.skip(`${name} (skipped: no Python 3.9 or later here)`, run) : test(name, run);
