import { msUntil, resolveWithin } from '../deadline.ts';
import type { AttemptRequest, EndedResult, Outbound, OutboundResult } from '../outbound.ts';
import { type AccessToken, type AccessTokensOptions, createAccessTokens } from './access-tokens.ts';
import type { OAuthClient } from './client-credentials.ts';
import { tokenFailure } from './token-failure.ts';

export type AuthorizedOutbound = { post(request: AttemptRequest): Promise<OutboundResult> };

export type AuthorizedOutboundOptions = {
  outbound: Pick<Outbound, 'post'>;
  /** Returns epoch milliseconds; used for `startedAt`. */
  now: () => number;
  onTokenRequest?: AccessTokensOptions['onRequest'];
};

/** A token that arrives too late for its attempt must be usable at least so long, because the next one needs it. */
const MIN_USABLE_MS = 10_000;
const UNAUTHORIZED = 401;

/**
 * Sends attempts like `outbound`; those of an endpoint with client credentials with an access token. Requesting it is part of
 * the attempt, and of its time limit.
 */
export function createAuthorizedOutbound({
  outbound,
  now,
  onTokenRequest,
}: AuthorizedOutboundOptions): AuthorizedOutbound {
  const tokens = createAccessTokens(outbound, { ...(onTokenRequest && { onRequest: onTokenRequest }) });

  async function postWithToken(request: AttemptRequest, client: OAuthClient): Promise<OutboundResult> {
    const startedAt = new Date(now());
    const startedMs = performance.now();
    const deadlineAt = startedMs + request.timeoutMs;
    const timing = () => ({ startedAt, durationMs: performance.now() - startedMs });
    const send = (token: string, more: Partial<AttemptRequest> = {}): Promise<OutboundResult> =>
      outbound.post({
        ...request,
        ...more,
        headers: { ...request.headers, authorization: `Bearer ${token}` },
        timeoutMs: msUntil(deadlineAt),
      });
    const withoutToken = (access: Exclude<AccessToken, { kind: 'token' }>): OutboundResult =>
      access.kind === 'failed'
        ? { kind: 'failed', ...access.failure, statusCode: null, resent: false, ...timing() }
        : access;

    const known = tokens.known(client);
    if (known === undefined) {
      if (performance.now() > request.startBy) return { kind: 'not_started' };
      request.onStart?.();
      const access = await withinTime(tokens.request(client, request.timeoutMs), deadlineAt);
      if (access.kind !== 'token') return withoutToken(access);
      if (performance.now() > request.startBy) return tooLate(access, withoutToken);
      return timed(await send(access.token, { onStart: undefined }), timing);
    }

    const first = await send(known);
    if (first.kind !== 'responded' || first.statusCode !== UNAUTHORIZED) return first;
    const renewal = tokens.renew(client, known, request.timeoutMs);
    if (!renewal) return first;
    const access = await withinTime(renewal, deadlineAt);
    if (access.kind === 'failed') return withoutToken(access);
    if (access.kind !== 'token' || performance.now() > request.startBy) return timed(first, timing);
    const second = await send(access.token, { onStart: undefined });
    // Without a free connection or a tunnel, what the receiver said first is the result. The new token is kept.
    if (second.kind === 'not_started' || second.kind === 'proxy_failed') return timed(first, timing);
    return { ...timed(second, timing), resent: true };
  }

  return {
    post: (request) => (request.oauth ? postWithToken(request, request.oauth) : outbound.post(request)),
  };
}

/** The request of another attempt may take longer than this one may. */
const withinTime = async (access: Promise<AccessToken>, deadlineAt: number): Promise<AccessToken> =>
  (await resolveWithin(msUntil(deadlineAt), access)) ?? {
    kind: 'failed',
    failure: tokenFailure('TOKEN_SERVER_TIMEOUT'),
  };

/** No POST starts late after its claim, so that a confirmed cancel takes effect. The next claim finds the token. */
const tooLate = (
  { usableUntil }: Extract<AccessToken, { kind: 'token' }>,
  withoutToken: (access: Exclude<AccessToken, { kind: 'token' }>) => OutboundResult,
): OutboundResult =>
  usableUntil - performance.now() >= MIN_USABLE_MS
    ? { kind: 'not_started' }
    : withoutToken({ kind: 'failed', failure: tokenFailure('TOKEN_EXPIRES_TOO_SOON') });

/** The whole attempt, the token requests included. */
function timed<R extends OutboundResult>(
  result: R,
  timing: () => Pick<EndedResult, 'startedAt' | 'durationMs'>,
): R {
  return result.kind === 'responded' || result.kind === 'failed' ? { ...result, ...timing() } : result;
}
