import { formatTime } from '../output/times.ts';

type State = 'connecting' | 'connected' | 'lost';

/**
 * Wraps the fetch of a client that does nothing but stream. It reports when the connection is lost and made again, which
 * the client does by itself, and calls `onUnreachable` if there is no response to the first call.
 */
export const watchStream =
  (note: (text: string) => void, onUnreachable: (error: unknown) => void) =>
  (fetch: typeof globalThis.fetch): typeof globalThis.fetch => {
    let state: State = 'connecting';
    return async (input, init) => {
      if (state === 'connected') {
        state = 'lost';
        note(`The connection was lost at ${formatTime(new Date())}. Connecting again …`);
      }
      const response = await fetch(input, init).catch((error: unknown) => {
        if (state === 'connecting') onUnreachable(error);
        throw error;
      });
      if (!response.ok) {
        // The client tries these again, and throws for others.
        if (response.status >= 500 || response.status === 429)
          note(`Posthorn responded ${response.status}. Trying again …`);
        return response;
      }
      if (state === 'lost') note('Connected again; nothing is missing.');
      state = 'connected';
      return response;
    };
  };
