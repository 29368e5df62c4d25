import type { ListenerConnection } from '../store/listeners/connections.ts';

/** A stream of a listener that is open in this process. */
export class OpenStream implements ListenerConnection {
  readonly listenerId: string;
  readonly connection: string;
  /** `replaced`: another stream carries the requests now, or the listener is deleted. */
  state: 'open' | 'replaced' | 'closed' = 'open';
  /** A wake-up came since the last wait. */
  #isDue = true;
  #wake: () => void = () => {};

  constructor(listenerId: string, connection: string) {
    this.listenerId = listenerId;
    this.connection = connection;
  }

  wake(): void {
    this.#isDue = true;
    this.#wake();
  }

  end(state: 'replaced' | 'closed'): void {
    if (this.state === 'open') this.state = state;
    this.wake();
  }

  /** Waits for a wake-up, at most `ms`. Returns at once if one came since the last call. */
  async untilWoken(ms: number): Promise<void> {
    if (!this.#isDue) {
      const woken = Promise.withResolvers<void>();
      this.#wake = woken.resolve;
      const timeout = setTimeout(woken.resolve, ms);
      await woken.promise;
      clearTimeout(timeout);
    }
    this.#isDue = false;
  }
}
