import type { Outcome } from '../../sdk/typescript/src/index.ts';
import { eventually } from './eventually.ts';

export type StreamedOutcome = {
  id: string;
  kind: string;
  /** Epoch milliseconds at which it arrived here. */
  arrivedAt: number;
  data: Omit<Outcome, 'kind'>;
};

export type OutcomeStream = {
  status: number;
  outcomes: StreamedOutcome[];
  /** The last id that came, with an outcome or without: where to resume. */
  lastEventId(): string | null;
  until(holds: (outcomes: StreamedOutcome[]) => boolean, timeoutMs?: number): Promise<void>;
  close(): Promise<void>;
};

/** Reads GET /v1/outcomes as a browser's EventSource would (WHATWG HTML, 9.2.6), without reconnecting. */
export async function openOutcomes(
  apiUrl: string,
  key: string,
  lastEventId?: string,
): Promise<OutcomeStream> {
  const closing = new AbortController();
  const response = await fetch(`${apiUrl}/v1/outcomes`, {
    headers: {
      authorization: `Bearer ${key}`,
      accept: 'text/event-stream',
      ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
    },
    signal: closing.signal,
  });
  const outcomes: StreamedOutcome[] = [];
  let lastId: string | null = lastEventId ?? null;

  const take = (block: string): void => {
    const fields = new Map(
      block.split('\n').map((line) => [line.split(':', 1)[0]!, line.slice(line.indexOf(':') + 2)]),
    );
    lastId = fields.get('id') ?? lastId;
    const data = fields.get('data');
    if (data === undefined) return;
    const kind = fields.get('event') ?? 'message';
    outcomes.push({ id: lastId!, kind, arrivedAt: Date.now(), data: JSON.parse(data) });
  };

  async function read(): Promise<void> {
    let text = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const blocks = (text + chunk).split('\n\n');
      text = blocks.pop()!;
      blocks.forEach(take);
    }
  }
  const reading = response.ok ? read().catch(() => {}) : response.text().then(() => {});
  if (response.ok) await eventually(() => lastId !== null);

  return {
    status: response.status,
    outcomes,
    lastEventId: () => lastId,
    until: (holds, timeoutMs) => eventually(() => holds(outcomes), timeoutMs),
    async close() {
      closing.abort();
      await reading;
    },
  };
}
