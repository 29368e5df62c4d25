import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';

/** The commands of a program of the benchmark, by name. */
export type Commands = Record<string, (...args: never[]) => unknown>;

/** A program of the benchmark in its own process, so that it shares neither CPU time nor an event loop with others. */
export type Remote<C extends Commands> = {
  pid: number;
  call<K extends keyof C & string>(name: K, ...args: Parameters<C[K]>): Promise<Awaited<ReturnType<C[K]>>>;
  stop(): Promise<void>;
};

type Request = { id: number; name: string; args: unknown[] };
type Reply = { id: number; value?: unknown; error?: string };

/** Starts `bench/<file>`, which must call `serveCommands`. A call rejects if the command fails or the program exits. */
export function startRemote<C extends Commands>(file: string): Remote<C> {
  const child = fork(join(import.meta.dirname, file), { execArgv: [] });
  const open = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let last = 0;
  child.on('message', ({ id, value, error }: Reply) => {
    const { resolve, reject } = open.get(id)!;
    open.delete(id);
    if (error === undefined) resolve(value as never);
    else reject(new Error(`${file}: ${error}`));
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  void ended.then(() => {
    for (const { reject } of open.values()) reject(new Error(`${file} exited`));
  });

  return {
    pid: child.pid!,
    call: (name, ...args) =>
      new Promise((resolve, reject) => {
        const request: Request = { id: ++last, name, args };
        open.set(request.id, { resolve, reject });
        child.send(request);
      }),
    stop: () => stop(child, ended),
  };
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.connected) child.disconnect();
  else child.kill();
  await ended;
}

/** Runs commands for the parent process, and exits with it. */
export function serveCommands(commands: Commands): void {
  process.on('message', async ({ id, name, args }: Request) => {
    const reply: Reply = { id };
    try {
      reply.value = await commands[name]!(...(args as never[]));
    } catch (error) {
      reply.error = error instanceof Error ? (error.stack ?? error.message) : String(error);
    }
    if (process.connected) process.send!(reply);
  });
  process.on('disconnect', () => process.exit());
}
