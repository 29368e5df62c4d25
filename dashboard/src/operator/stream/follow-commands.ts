import { shellQuoted } from '../../kit/text/shell-quoted.ts';
export type StreamFilter = { kind: string[]; endpoint: string[]; consumer: string[] };

/** The same stream as server-sent events. */
export function curlCommand(apiUrl: string, { kind, endpoint, consumer }: StreamFilter): string {
  const query = new URLSearchParams();
  if (kind.length > 0) query.set('kind', kind.join(','));
  if (endpoint.length > 0) query.set('endpoint', endpoint.join(','));
  if (consumer.length > 0) query.set('consumer', consumer.join(','));
  const text = query.toString();
  const url = `${apiUrl}/v1/outcomes${text === '' ? '' : `?${text}`}`;
  return `curl -sN ${shellQuoted(url)} -H "Authorization: Bearer $POSTHORN_KEY" -H 'Accept: text/event-stream'`;
}

/** What `--status` of the command takes, by the kinds of outcomes. */
const STATUS_OF: Record<string, string[]> = {
  'attempt.failed': ['retrying'],
  'delivery.delivered': ['delivered'],
  'delivery.undeliverable': ['undeliverable'],
  'delivery.cancelled': ['cancelled'],
};

/** The same stream on a terminal, where Posthorn is installed as a package or cloned. It has statuses and no kinds; `event.settled` has those of deliveries. */
export function cliCommand(apiUrl: string, { kind, endpoint, consumer }: StreamFilter): string {
  const statuses = kind.flatMap((name) => STATUS_OF[name] ?? []);
  return [
    `npx posthorn events tail --url ${shellQuoted(apiUrl)}`,
    ...(statuses.length > 0 ? [`--status ${statuses.join(',')}`] : []),
    ...(endpoint.length > 0 ? [`--endpoint ${shellQuoted(endpoint.join(','))}`] : []),
    ...(consumer.length > 0 ? [`--consumer ${shellQuoted(consumer.join(','))}`] : []),
  ].join(' ');
}

/** A list in the URL: ids with commas between. */
export const listIn = (text: string | undefined): string[] =>
  (text ?? '')
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .slice(0, 50);
