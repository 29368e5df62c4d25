import { useEffect, useRef } from 'react';
import type { Outcome } from '../../../sdk/typescript/src/outcome-stream.ts';
import { clientOf } from './client.ts';

type Listener = (outcome: Outcome) => void;

/** One stream a project, however many parts of the page listen. It is closed while the page is hidden. */
class SharedStream {
  readonly #listeners = new Set<Listener>();
  readonly #project: string | undefined;
  #ending: AbortController | undefined;

  constructor(project: string | undefined) {
    this.#project = project;
    document.addEventListener('visibilitychange', () => this.#follow());
  }

  listen(listener: Listener): () => void {
    this.#listeners.add(listener);
    this.#follow();
    return () => {
      this.#listeners.delete(listener);
      this.#follow();
    };
  }

  #follow(): void {
    const wanted = this.#listeners.size > 0 && !document.hidden;
    if (wanted && !this.#ending) void this.#read();
    if (wanted) return;
    this.#ending?.abort();
    // What listens in the same moment gets a stream of its own, which a new session may have signed.
    this.#ending = undefined;
  }

  async #read(): Promise<void> {
    const ending = new AbortController();
    this.#ending = ending;
    try {
      const outcomes = clientOf(this.#project).outcomes.stream({ signal: ending.signal });
      for await (const outcome of outcomes) {
        if (ending.signal.aborted) return;
        for (const listener of this.#listeners) listener(outcome);
      }
    } catch {
      // The stream was refused. What listens also asks from time to time.
    } finally {
      if (this.#ending === ending) this.#ending = undefined;
    }
  }
}

const streams = new Map<string, SharedStream>();

export function useOutcomes(project: string, listener: Listener, enabled = true): void {
  const latest = useRef(listener);
  latest.current = listener;
  useEffect(() => {
    if (!enabled) return undefined;
    const stream = streams.get(project) ?? new SharedStream(project);
    streams.set(project, stream);
    return stream.listen((outcome) => latest.current(outcome));
  }, [project, enabled]);
}
