import type { Attempt } from '../../../../sdk/typescript/src/models.ts';
import type { ClientContext, ExitCode } from '../client-command.ts';
import { found } from '../found.ts';
import { type Line, type Span, table } from '../output/lines.ts';
import { formatTime } from '../output/times.ts';
import { describeNext } from './delivery-lines.ts';
import { type DeliveryWithAttempts, type EventDetails, isDeliveryId, readEvent } from './event-details.ts';
import { statusSpan } from './statuses.ts';

/** Shows an event, or the event of a delivery: each delivery, each attempt, and the body. */
export async function showEvent({ client, output }: ClientContext, id: string): Promise<ExitCode> {
  const what = `${isDeliveryId(id) ? 'delivery' : 'event'} ${id}`;
  const event = await found(client, what, () => readEvent(client, id));
  await output.show(event, () => linesOf(event));
  return 0;
}

function linesOf(event: EventDetails): Line[] {
  const hidden = event.deliveryCount - event.deliveries.length;
  return [
    ...headOf(event),
    ...event.deliveries.flatMap(deliveryLines),
    ...(hidden > 0 ? [[], [dim(`and ${hidden} more deliveries of this event`)]] : []),
    [],
    [{ text: 'body', tone: 'strong' }],
    ...bodyLines(event),
  ];
}

function headOf(event: EventDetails): Line[] {
  const facts: [string, Span][] = [
    ['id', event.id],
    ['status', statusSpan(event.status)],
    ['accepted', formatTime(event.createdAt)],
  ];
  if (event.consumer !== null) facts.push(['consumer', event.consumer]);
  if (event.expiresAt !== null) facts.push(['expires', formatTime(event.expiresAt)]);
  if (event.target !== null) facts.push(['target', event.target.url]);
  for (const [name, value] of Object.entries(event.attributes)) facts.push([`attribute ${name}`, value]);
  const title: Line = [{ text: event.type, tone: 'strong' }, event.test ? '   test' : ''];
  return [
    title,
    ...table(
      facts.map(([name, value]) => [dim(name), value]),
      '  ',
    ),
  ];
}

function deliveryLines(delivery: DeliveryWithAttempts): Line[] {
  const next = describeNext(delivery, Date.now());
  const planned = 'policy' in delivery && next !== '' ? ` (${attemptNumbers(delivery)})` : '';
  const url = delivery.attemptList.at(-1)?.request?.url ?? '';
  const rows = delivery.attemptList.map(attemptRow);
  const responses = delivery.attemptList.at(-1);
  return [
    [],
    [
      { text: delivery.id, tone: 'strong' },
      `   ${delivery.endpoint ?? 'own target'}   `,
      statusSpan(delivery.status),
      next === '' ? '' : `   ${next}${planned}`,
    ],
    ...(url === '' ? [] : [['  ', dim(url)]]),
    ...table(rows, '  '),
    ...(responses && responses.outcome !== 'delivered' ? responseLines(responses) : []),
    ...links(delivery),
  ];
}

/** Which attempt is next, and how many the policy allows. */
function attemptNumbers(delivery: DeliveryWithAttempts): string {
  if (!('policy' in delivery)) return '';
  const step = delivery.plannedAttempts[0]?.step ?? delivery.attempts;
  return `${step + 1} of ${delivery.policy.delays.length + 1}`;
}

const attemptRow = ({
  number,
  startedAt,
  outcome,
  statusCode,
  durationMs,
  trigger,
  error,
}: Attempt): Span[] => [
  String(number),
  formatTime(startedAt),
  statusSpan(outcome),
  statusCode === null ? '-' : String(statusCode),
  `${durationMs} ms`,
  [trigger === 'schedule' ? '' : trigger, error ? `${error.code}: ${error.message}` : ''].join(' ').trim(),
];

const RESPONSE_LENGTH = 400;
const BODY_LENGTH = 4_000;

function responseLines({ response }: Attempt): Line[] {
  const body = response?.body;
  if (!body) return [];
  return textLines(body.trimEnd(), RESPONSE_LENGTH).map((line, i) => [
    i === 0 ? '  response  ' : '            ',
    ...line,
  ]);
}

function links({ replayOf, replayedBy }: DeliveryWithAttempts): Line[] {
  const lines: Line[] = [];
  if (replayOf !== null) lines.push(['  ', dim('sends again '), replayOf]);
  if (replayedBy !== null) lines.push(['  ', dim('sent again by '), replayedBy]);
  return lines;
}

function bodyLines({ body, payloadRemovedAt }: EventDetails): Line[] {
  if (body !== null) return textLines(body, BODY_LENGTH).map((line) => ['  ', ...line]);
  return [['  ', dim(`removed ${payloadRemovedAt === null ? '' : formatTime(payloadRemovedAt)}`)]];
}

/** The text by lines, cut off where it is long. */
function textLines(text: string, maxLength: number): Line[] {
  const lines: Line[] = text
    .slice(0, maxLength)
    .split(/\r?\n/)
    .map((line) => [line]);
  if (text.length > maxLength) lines.push([dim(`… ${text.length} characters; --json shows all`)]);
  return lines;
}

const dim = (text: string): Span => ({ text, tone: 'dim' });
