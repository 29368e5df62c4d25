import type { Attempt, Delivery, DeliveryDetails } from '../../../sdk/typescript/src/models.ts';
import { counted } from '../kit/text/counted.ts';
import { causeOfCode } from './error-codes.ts';

/** An attempt; or the last one of a delivery or a group, of whose error only the code is known. */
type Failed = Pick<Attempt, 'outcome' | 'statusCode'> & {
  error?: Attempt['error'];
  errorCode?: string | null;
  timeoutSeconds?: number;
};

const codeOf = ({ errorCode, error }: Pick<Failed, 'errorCode' | 'error'>): string | null | undefined =>
  errorCode ?? error?.code;

/** What the code of an error tells about a connection that failed; undefined if nothing. */
export function detailOf(failed: Pick<Failed, 'outcome' | 'errorCode' | 'error'>): string | undefined {
  const { outcome } = failed;
  if (outcome !== 'connection_failed' && outcome !== 'tls_failed' && outcome !== 'token_failed')
    return undefined;
  return causeOfCode(outcome, codeOf(failed));
}

/** What happened, in a few words that follow a URL: `answered 503`, `name not found`. */
export function causeOf(failed: Failed): string {
  const { outcome, statusCode, timeoutSeconds } = failed;
  const detail = causeOfCode(outcome, codeOf(failed));
  if (detail !== undefined) return detail;
  switch (outcome) {
    case 'delivered':
      return statusCode === null ? 'delivered' : `answered ${statusCode}`;
    case 'rejected':
      return statusCode === null ? 'refused the request' : `answered ${statusCode}`;
    case 'timeout':
      return timeoutSeconds ? `did not answer within ${timeoutSeconds} s` : 'did not answer in time';
    case 'connection_failed':
      return 'could not be reached';
    case 'dns_failed':
      return 'name not found';
    case 'tls_failed':
      return 'TLS failed';
    case 'invalid_response':
      return 'answered with what is not HTTP';
    case 'token_failed':
      return 'got nothing for want of an access token';
    case 'blocked':
      return 'address is not allowed';
    case 'unknown':
      return 'ended without a known result';
  }
}

/** What to do about a failed attempt. */
export function adviceOf(failed: Failed): string | undefined {
  const { outcome, statusCode } = failed;
  if (codeOf(failed) === 'listener_offline')
    return 'Connect a client, for example with "npx posthorn listen".';
  if (outcome === 'rejected') return adviceOfStatus(statusCode ?? 0);
  const advice: Partial<Record<Attempt['outcome'], string>> = {
    timeout: 'The receiver should answer at once, and do its work afterwards.',
    connection_failed: 'Check that the receiver is running and that its port is open to Posthorn.',
    dns_failed: 'Check the host name of the URL, and the DNS that Posthorn uses.',
    tls_failed: 'The receiver must present a valid certificate for its host name, with its whole chain.',
    invalid_response: 'Something other than an HTTP server listens at this port.',
    token_failed: 'Check the client credentials of the endpoint, and its token server.',
    blocked: 'The URL leads to a private address. POSTHORN_ALLOW_TARGETS can allow it.',
    unknown: 'Posthorn stopped during the attempt: the receiver may have got the request.',
  };
  return advice[outcome];
}

function adviceOfStatus(status: number): string {
  if (status === 401 || status === 403)
    return 'The receiver refuses the request: check how it verifies the signature, and with which secret.';
  if (status === 404 || status === 405)
    return 'The receiver has nothing at this path, or takes no POST there.';
  if (status === 410) return 'The receiver says that it is gone for good.';
  if (status === 413) return 'The receiver takes no body of this size.';
  if (status === 429) return 'The receiver asks for fewer requests. A rate limit of the endpoint would help.';
  if (status >= 500) return 'The receiver has an error of its own: its log says more.';
  if (status >= 300 && status < 400)
    return 'Posthorn follows no redirects: set the endpoint to the final URL.';
  return 'The receiver does not accept the request.';
}

const WAITING: Record<NonNullable<Delivery['waitingFor']>, string> = {
  schedule: 'waits for its next attempt',
  retry_after: 'waits until the receiver wants requests again',
  cooldown: 'waits until a probe finds the receiver well',
  rate: 'waits for the rate limit of its endpoint',
  order: 'waits for the delivery before it',
  endpoint_paused: 'held: its endpoint is paused',
  endpoint_disabled: 'held: its endpoint is disabled',
  plan: 'held: the plan of its consumer does not allow it',
  engine: 'waits for a worker',
};

const REASONS: Record<string, string> = {
  exhausted: 'all attempts failed',
  gone: 'the receiver is gone',
  final_status: 'the receiver gave a final answer',
  expired: 'the event expired',
  cancelled: 'cancelled',
  endpoint_deleted: 'the endpoint was deleted',
  erased: 'the event was erased',
};

/** Why a delivery has ended, in words. */
export const reasonText = (reason: string): string => REASONS[reason] ?? reason;

export const waitingText = (waitingFor: Delivery['waitingFor']): string | undefined =>
  waitingFor === null ? undefined : WAITING[waitingFor];

/** The state of a delivery, as a sentence without a time. */
export function stateSentence(delivery: Delivery | DeliveryDetails): string {
  const attempts = counted(delivery.attempts, 'attempt');
  if (delivery.cancelRequested && delivery.settledAt === null)
    return 'To be cancelled: the attempt under way decides.';
  switch (delivery.status) {
    case 'delivered':
      return `Delivered after ${attempts}.`;
    case 'undeliverable':
      return `Undeliverable after ${attempts}: ${REASONS[delivery.reason ?? ''] ?? 'it ended'}.`;
    case 'cancelled':
      return `Cancelled after ${attempts}${delivery.reason === 'endpoint_deleted' ? ': the endpoint was deleted' : ''}.`;
    default:
      return capitalise(`${waitingText(delivery.waitingFor) ?? 'an attempt is under way'}.`);
  }
}

const capitalise = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
