import type { EventSummary } from '../../../../sdk/typescript/src/models.ts';
import type { EventsQuery } from '../../../../sdk/typescript/src/resources/events.ts';
import type { ClientContext, ExitCode } from '../client-command.ts';
import { CommandFailure } from '../connection.ts';
import { type Span, table } from '../output/lines.ts';
import { formatTime } from '../output/times.ts';
import { timeOf } from '../time-options.ts';
import { statusSpan } from './statuses.ts';

export type ListOptions = {
  type?: string;
  status?: string;
  consumer?: string;
  endpoint?: string;
  since?: string;
  until?: string;
  contains?: string;
  limit?: string;
  cursor?: string;
};

const MAX_PAGE = 200;
const DEFAULT_LIMIT = 25;

/** Lists events, the newest first. A search goes on until it has found as many or has looked at everything. */
export async function listEvents({ client, output }: ClientContext, options: ListOptions): Promise<ExitCode> {
  const limit = Number(options.limit ?? DEFAULT_LIMIT);
  if (!Number.isInteger(limit) || limit < 1) throw new CommandFailure(2, '--limit is a number from 1.');
  if (options.contains !== undefined && options.since === undefined)
    throw new CommandFailure(2, '--contains needs --since, at most 7 days ago, such as --since 24h.');
  const query = queryOf(options);
  let cursor: string | null | undefined = options.cursor;
  let listed = 0;
  do {
    const page = await client.events.summaries({
      ...query,
      limit: Math.min(limit - listed, MAX_PAGE),
      ...(cursor !== undefined && { cursor }),
    });
    if (page.items.length > 0) await showPage(output, page.items);
    listed += page.items.length;
    cursor = page.nextCursor;
    if (cursor !== null && page.searchedTo)
      output.status([`searched back to ${formatTime(page.searchedTo)} …`]);
  } while (cursor !== null && listed < limit);

  if (listed === 0) output.note('No events.');
  const rest = cursor;
  if (rest !== null)
    await output.show({ nextCursor: rest }, () => [[{ text: `more: --cursor ${rest}`, tone: 'dim' }]]);
  return 0;
}

/** All pages have the same columns only on their own: the width of a later page is not known before. */
async function showPage(output: ClientContext['output'], items: EventSummary[]): Promise<void> {
  if (output.kind === 'json') for (const item of items) await output.show(item, () => []);
  else await output.show(null, () => table(items.map(rowOf)));
}

/** Names each parameter: the options also contain the key. */
function queryOf({ type, status, consumer, endpoint, contains, since, until }: ListOptions): EventsQuery {
  return {
    ...(type !== undefined && { type }),
    ...(status !== undefined && { status }),
    ...(consumer !== undefined && { consumer }),
    ...(endpoint !== undefined && { endpoint }),
    ...(contains !== undefined && { contains }),
    ...(since !== undefined && { since: timeOf('--since', since) }),
    ...(until !== undefined && { until: timeOf('--until', until) }),
  };
}

function rowOf(event: EventSummary): Span[] {
  return [
    formatTime(event.createdAt),
    event.type,
    event.consumer ?? '-',
    statusSpan(event.status === 'pending' && event.retryingCount ? 'retrying' : event.status),
    countsOf(event)
      .map(([count, state]) => `${count} ${state}`)
      .join(' · ') || '-',
    `${event.bytes} B`,
    event.test ? `${event.id} (test)` : event.id,
  ];
}

/** Of an event with many deliveries, it is not known which are retried, and which were sent again or dismissed. */
const countsOf = (event: EventSummary): [number, string][] => {
  const [retrying, resent, dismissed] = [event.retryingCount, event.resentCount, event.dismissedCount].map(
    (count) => count ?? 0,
  ) as [number, number, number];
  const counts: [number, string][] = [
    [event.deliveredCount, 'delivered'],
    [retrying, 'retrying'],
    [event.openCount - retrying, retrying > 0 ? 'other open' : 'open'],
    [event.undeliverableCount - resent - dismissed, 'undeliverable'],
    [resent, 'resent'],
    [dismissed, 'dismissed'],
    [event.cancelledCount, 'cancelled'],
  ];
  return counts.filter(([count]) => count > 0);
};
