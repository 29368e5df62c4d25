import type { Attempt, Delivery, FailureGroup } from '../../../sdk/typescript/src/models.ts';
import { causeOf, detailOf } from '../delivery/causes.ts';
import type { LaneWords } from '../delivery/lane.ts';

/** What your server did, as a sentence for its owner. */
export function customerCause(failed: Parameters<typeof causeOf>[0]): string {
  if (failed.error?.code === 'listener_offline') return 'No client was connected to your listener';
  const detail = detailOf(failed);
  const withDetail = (text: string): string => (detail === undefined ? text : `${text}: ${detail}`);
  const causes: Partial<Record<Attempt['outcome'], string>> = {
    connection_failed: withDetail('Your server could not be reached'),
    dns_failed: 'The host name of your server was not found',
    tls_failed: withDetail('No safe connection to your server'),
    token_failed: tokenCause(failed),
    blocked: 'The URL leads to an address that is not allowed',
    unknown: 'The request ended without a known result',
  };
  return causes[failed.outcome] ?? `Your server ${causeOf(failed)}`;
}

/** The token server is not the server of the endpoint. What it said itself stands in the message, in parentheses. */
function tokenCause(failed: Parameters<typeof causeOf>[0]): string {
  const cause = failed.outcome === 'token_failed' ? detailOf(failed) : undefined;
  const said = cause && /\(.*\)$/s.exec(failed.error?.message ?? '')?.[0];
  return [
    'There was no access token for your server',
    ...(cause ? [`: ${cause}`] : []),
    ...(said ? [` ${said}`] : []),
  ].join('');
}

/** What the owner of the server can do. */
export function customerAdvice({
  outcome,
  statusCode,
  error,
}: Parameters<typeof causeOf>[0]): string | undefined {
  if (error?.code === 'listener_offline') return 'Connect a client: then it is sent again.';
  const advice: Partial<Record<Attempt['outcome'], string>> = {
    timeout: 'Answer at once, and do the work afterwards.',
    connection_failed: 'Check that your server runs, and that its port is open to the internet.',
    dns_failed: 'Check the host name of the URL.',
    tls_failed: 'Your server needs a valid certificate for its host name, with the whole chain.',
    invalid_response: 'Something other than a web server listens at this port.',
    token_failed: 'Check the client credentials of the endpoint, and your token server.',
    blocked: 'Use a URL with a public address.',
    unknown: 'Your server may have got this request. It is sent again.',
  };
  return outcome === 'rejected' ? adviceOfStatus(statusCode ?? 0) : advice[outcome];
}

function adviceOfStatus(status: number): string {
  if (status === 401 || status === 403)
    return 'Your server refused it: see how it checks the signature, and with which secret.';
  if (status === 404 || status === 405) return 'Nothing is at this path, or it takes no POST.';
  if (status === 410) return 'With 410 your server says that it wants no more events.';
  if (status === 413) return 'Your server takes no body of this size.';
  if (status === 429) return 'Your server asked for fewer requests.';
  if (status >= 500) return 'Your server failed: its own log says more.';
  if (status >= 300 && status < 400) return 'Redirects are not followed: use the final URL.';
  return 'Your server did not accept the request.';
}

const WAITING: Record<NonNullable<Delivery['waitingFor']>, string> = {
  schedule: 'It waits for its next attempt',
  retry_after: 'It waits, because your server asked for no requests for a while',
  cooldown: 'It waits until your server answers a single request that tries it',
  rate: 'It waits for the rate limit of its endpoint',
  order: 'It waits for the event before it',
  endpoint_paused: 'It waits, because its endpoint is paused',
  endpoint_disabled: 'It waits, because its endpoint is disabled',
  plan: 'It waits, because your plan does not include webhooks',
  engine: 'It is about to be sent',
};

/** What an open delivery waits for, as a sentence for the owner of the server. */
export const customerWaiting = (waitingFor: Delivery['waitingFor']): string =>
  waitingFor === null ? 'It is being sent' : WAITING[waitingFor];

/** How a group of failures stands. */
export const groupText = ({ deliveries, state }: FailureGroup): string =>
  `${deliveries.toLocaleString()} ${deliveries === 1 ? 'event' : 'events'} ${
    state === 'retrying' ? 'will be sent again' : deliveries === 1 ? 'was given up' : 'were given up'
  }`;

const STATES: Record<Delivery['status'], string> = {
  pending: 'on its way',
  retrying: 'will be sent again',
  held: 'waits',
  delivered: 'delivered',
  undeliverable: 'given up',
  cancelled: 'cancelled',
};

/** The state of a delivery, for a list of filters. */
export const stateWord = (status: Delivery['status']): string => STATES[status];

/** That a producer has dismissed a failure changes nothing for the owner of the server. */
export const STATE_WORDS = { state: stateWord, handled: { resent: 'given up, sent again' } };

/** What the timeline says of a delivery, without a subject. */
export const LANE_WORDS: LaneWords = {
  undeliverable: STATES.undeliverable,
  waiting: (waitingFor) => (waitingFor === null ? undefined : WAITING[waitingFor].replace(/^It /, '')),
};
