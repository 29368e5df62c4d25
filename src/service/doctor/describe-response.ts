import type { RequestMethod } from '../../egress/http/request-head.ts';
import type { Certificate } from '../../egress/probe/certificate-chain.ts';
import type { ReceiverProbe } from '../../egress/probe/probe-receiver.ts';
import { type Check, failed, ok, warning } from './check.ts';

/** Certificates that are renewed automatically have at least this long left. */
const RENEW_BEFORE_DAYS = 14;

/** Codes with which a certificate is refused only because its authority is unknown here. */
const UNTRUSTED = /SELF_SIGNED|UNABLE_TO_(?:GET_ISSUER|VERIFY_LEAF)/;
const TRUST_IT = 'If all deliveries may trust its authority, name that in POSTHORN_EXTRA_CA.';

/** `refusal`: why the connection was refused, if it was. */
export function* tlsChecks(
  tls: ReceiverProbe['tls'],
  refusal: string | undefined,
  now: Date,
): Generator<Check, void> {
  const chain = tls?.chain ?? [];
  const isUntrusted = UNTRUSTED.test(refusal ?? '');
  const shown = chain.length > 0 ? ` It shows the certificate of ${describeChain(chain)}.` : '';
  if (refusal !== undefined) yield failed('tls', `${refusal}${shown}`, isUntrusted ? TRUST_IT : undefined);
  else yield ok('tls', `${tls?.protocol} with the trusted certificate of ${describeChain(chain)}.`);
  if (chain.length > 0) yield expiryCheck(chain, now);
}

const describeChain = (chain: Certificate[]): string =>
  [...chain.map(({ subject }) => subject), ...unseenIssuer(chain)].join(', issued by ');

/** The last certificate names its issuer even if the server does not send that. */
function unseenIssuer(chain: Certificate[]): string[] {
  const last = chain.at(-1)!;
  return last.issuer === last.subject ? [] : [`${last.issuer} (not sent)`];
}

/** Of the certificate in the chain that expires first. */
export function expiryCheck(chain: Certificate[], now: Date): Check {
  const first = chain.reduce((one, other) => (other.validTo < one.validTo ? other : one));
  const days = Math.floor((first.validTo.getTime() - now.getTime()) / 86_400_000);
  const date = first.validTo.toISOString().slice(0, 10);
  if (days < 0)
    return failed(
      'certificate',
      `That of ${first.subject} expired on ${date}.`,
      'The receiver must renew it.',
    );
  const notYet = chain.find(({ validFrom }) => validFrom > now);
  if (notYet)
    return failed(
      'certificate',
      `That of ${notYet.subject} is valid only from ${notYet.validFrom.toISOString().slice(0, 10)}.`,
      "The receiver must replace it. If it is valid already, this machine's clock is wrong.",
    );
  const found = `That of ${first.subject} expires on ${date}, in ${days} ${days === 1 ? 'day' : 'days'}.`;
  return days < RENEW_BEFORE_DAYS
    ? warning('certificate', found, 'The receiver must renew it before then.')
    : ok('certificate', found);
}

/** Statuses with which a receiver refuses what is not signed. */
const REFUSES_UNSIGNED = [400, 401, 403, 422];

/** What the status says about deliveries, which are signed POSTs. */
export function responseCheck(
  method: RequestMethod,
  { statusCode, durationMs, redirect }: NonNullable<ReceiverProbe['response']>,
): Check {
  const found = `${method} without a signature: ${statusCode} after ${Math.round(durationMs)} ms.`;
  if (method !== 'POST') {
    if (statusCode >= 500 || redirect)
      return warning('response', found, 'Try --method POST: a delivery is a POST.');
    return ok('response', `${found} The receiver responds. A delivery is a POST: try it with --method POST.`);
  }
  if (statusCode >= 200 && statusCode <= 299) return ok('response', found);
  if (REFUSES_UNSIGNED.includes(statusCode))
    return ok('response', `${found} A receiver that checks signatures responds like this.`);
  if (redirect)
    return failed(
      'response',
      `${found} Deliveries do not follow redirects.`,
      'Register the URL to which it redirects.',
    );
  if (statusCode >= 500 || statusCode === 429)
    return failed('response', found, 'See the log of the receiver; deliveries would be retried.');
  return failed('response', found, 'Check the path of the URL, and that the receiver accepts POST there.');
}
