import { type Connection, queryText } from './call.ts';
import { followEvents } from './event-stream.ts';

export type Outcome = {
  kind:
    | 'attempt.failed'
    | 'delivery.delivered'
    | 'delivery.undeliverable'
    | 'delivery.cancelled'
    | 'event.settled';
  /** Pass it as `lastEventId` to resume after this outcome. */
  id: string;
  at: string;
  event: string;
  delivery?: string;
  endpoint?: string;
  consumer: string | null;
  status: string;
  outcome?: string;
  attempt?: number;
  nextAttemptAt?: string;
  reason?: string;
};

export type StreamOptions = {
  /** Starts after this outcome instead of now. */
  lastEventId?: string;
  /** Only outcomes of these endpoints; of these consumers; of these kinds. */
  endpoint?: readonly string[];
  consumer?: readonly string[];
  kind?: readonly Outcome['kind'][];
  /** Called with the id from which the stream can be resumed, when it moves on without an outcome. */
  onCursor?: (id: string) => void;
  /** Ends the stream when it is aborted. */
  signal?: AbortSignal;
};

/**
 * Yields the outcomes of the project, or of the consumer that the key belongs to, without end. Reconnects when the
 * connection is lost and resumes after the last outcome, without a gap. Throws a PosthornError if Posthorn refuses, for
 * example `cursor_expired` if the outcomes after `lastEventId` have been deleted.
 */
export async function* streamOutcomes(
  connection: Connection,
  { endpoint, consumer, kind, onCursor, ...from }: StreamOptions = {},
): AsyncGenerator<Outcome, void> {
  const path = `/v1/outcomes${queryText({ endpoint, consumer, kind })}`;
  for await (const { id, event, data } of followEvents(connection, path, from)) {
    if (data !== undefined) yield { kind: event, ...JSON.parse(data) } as Outcome;
    else if (id !== undefined) onCursor?.(id);
  }
}
