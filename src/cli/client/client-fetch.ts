import { CommandFailure } from './connection.ts';

/** A fetch that ends on Ctrl-C, and that throws a CommandFailure if the server does not respond. */
export function createClientFetch(url: string, interrupted: AbortSignal): typeof fetch {
  return async (input, init) => {
    const signals = [interrupted, ...(init?.signal ? [init.signal] : [])];
    try {
      return await fetch(input, { ...init, signal: AbortSignal.any(signals) });
    } catch (error) {
      if (interrupted.aborted) throw error;
      const lost =
        init?.method === 'GET'
          ? ''
          : ' If it got the call, it may have done it: look before you repeat the command.';
      throw new CommandFailure(4, `No Posthorn responds at ${url} (${reasonOf(error)}).${lost}`);
    }
  };
}

/** The code of the operating system, such as ECONNREFUSED, if there is one. */
function reasonOf(error: unknown): string {
  const { cause, name } = error as { cause?: { code?: unknown }; name: string };
  return typeof cause?.code === 'string' ? cause.code : name === 'TimeoutError' ? 'timeout' : 'no connection';
}
