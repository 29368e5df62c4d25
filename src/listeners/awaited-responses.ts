import { type ReportedResponse, takeResponses } from '../store/listeners/listener-requests.ts';
import type { Notifications } from '../store/outcomes/notifications.ts';
import type { Queryable } from '../store/postgres/database.ts';
import { oneAtATime } from './one-at-a-time.ts';

/** Upper bound of the delay if a notification is lost. */
const POLL_MS = 1_000;

export type AwaitedResponses = {
  /** The response to a request; undefined if none has come after `ms`. */
  responseTo(requestId: string, ms: number): Promise<ReportedResponse | undefined>;
  close(): void;
};

type Waiter = { end(response: ReportedResponse | undefined): void; isTimedOut: boolean };

/** Reads responses once for all attempts of this process that wait for one. */
export function createAwaitedResponses(
  db: Queryable,
  notifications: Notifications,
  onFailure: (error: unknown) => void,
): AwaitedResponses {
  const waiting = new Map<string, Waiter>();
  const due = new Set<string>();
  let taking: Promise<void> = Promise.resolve();

  async function takeDue(): Promise<void> {
    const ids = [...due].filter((id) => waiting.get(id)?.isTimedOut === false);
    due.clear();
    if (ids.length === 0) return;
    for (const [id, response] of await takeResponses(db, ids)) waiting.get(id)?.end(response);
  }

  // After a failure, the next poll reads them.
  const read = oneAtATime(async () => {
    while (due.size > 0) {
      taking = takeDue();
      await taking;
    }
  }, onFailure);

  const readOf = (ids: Iterable<string>): void => {
    for (const id of ids) if (waiting.has(id)) due.add(id);
    // Without a query, a read would count as the end of an outage.
    if (due.size > 0) void read();
  };
  const stopListening = notifications.listen('posthorn_listener_responses', readOf);
  const timer = setInterval(() => readOf(waiting.keys()), POLL_MS);
  timer.unref();

  return {
    responseTo: (requestId, ms) =>
      new Promise((resolve) => {
        const waiter: Waiter = {
          isTimedOut: false,
          end(response) {
            clearTimeout(timeout);
            waiting.delete(requestId);
            resolve(response);
          },
        };
        const timeout = setTimeout(() => {
          waiter.isTimedOut = true;
          // The statement under way may have removed the response from the table: nobody else would get it.
          const end = (): void => waiter.end(undefined);
          taking.then(end, end);
        }, ms);
        waiting.set(requestId, waiter);
      }),
    close() {
      clearInterval(timer);
      stopListening();
    },
  };
}
