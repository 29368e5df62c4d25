import type { Failure } from '../failure.ts';
import type { Outbound, OutboundResult } from '../outbound.ts';
import { type OAuthClient, tokenRequest } from './client-credentials.ts';
import { createTokenCache, type TokenCache } from './token-cache.ts';
import { unreachable } from './token-failure.ts';
import { readTokenResponse, type TokenResponse } from './token-response.ts';

export type AccessToken =
  /** `usableUntil`: a time of performance.now(), after which another one is requested. */
  | { kind: 'token'; token: string; usableUntil: number }
  | { kind: 'failed'; failure: Failure }
  /** Nothing was requested, for a reason that is neither the receiver's nor the token server's. */
  | Extract<OutboundResult, { kind: 'not_started' | 'proxy_failed' }>;

/** A token request that ended. `outcome`: `granted`, or the code of the failure, one of FAILURE_MESSAGES.token_failed. */
export type TokenRequestResult = { outcome: string; durationMs: number };

export type AccessTokensOptions = {
  cache?: TokenCache;
  /** Called once for each request to a token server, however many attempts share it; not if it could not begin. */
  onRequest?: (result: TokenRequestResult) => void;
};

export type AccessTokens = {
  /** The token of the endpoint that may still be used, if there is one. */
  known(client: OAuthClient): string | undefined;
  /** A new token; or the one that is being requested for another attempt. It takes at most `timeoutMs`. */
  request(client: OAuthClient, timeoutMs: number): Promise<AccessToken>;
  /**
   * Another token than `refused`, which the receiver answered with 401. Null if that one replaced a refused token itself,
   * less than a minute ago: a receiver that refuses every token must not make each attempt request one.
   */
  renew(client: OAuthClient, refused: string, timeoutMs: number): Promise<AccessToken> | null;
};

/** A token without `expires_in` (RFC 6749 section 5.1 recommends it) is used for so long, if the receiver does not refuse it. */
const DEFAULT_LIFETIME_MS = 5 * 60_000;
/** Longer than this, an old token would be used although the credentials have lost their rights. */
const MAX_LIFETIME_MS = 24 * 3_600_000;
/** A token is replaced so long before its end, because a request takes time and clocks differ; of short ones, a fifth before. */
const MARGIN_MS = 30_000;
const RENEW_EVERY_MS = 60_000;
/** How long a token request waits for a connection of the process. */
const START_WITHIN_MS = 1_000;

/** Requests access tokens through `outbound`, and keeps one per endpoint. Attempts at the same time share one request. */
export function createAccessTokens(
  outbound: Pick<Outbound, 'post'>,
  { cache = createTokenCache(), onRequest = () => {} }: AccessTokensOptions = {},
): AccessTokens {
  const underWay = new Map<string, { version: string; access: Promise<AccessToken> }>();

  function known({ endpointId, version }: OAuthClient): string | undefined {
    const cached = cache.get(endpointId);
    return cached?.version === version && performance.now() < cached.usableUntil ? cached.token : undefined;
  }

  function request(
    client: OAuthClient,
    timeoutMs: number,
    renewedAt: number | null = null,
  ): Promise<AccessToken> {
    const { endpointId, version } = client;
    const running = underWay.get(endpointId);
    if (running?.version === version) return running.access;
    const access = requestNew(client, timeoutMs, renewedAt).finally(() => {
      if (underWay.get(endpointId)?.access === access) underWay.delete(endpointId);
    });
    underWay.set(endpointId, { version, access });
    return access;
  }

  async function requestNew(
    client: OAuthClient,
    timeoutMs: number,
    renewedAt: number | null,
  ): Promise<AccessToken> {
    const { projectId, endpointId, credentials, version } = client;
    const requestedAt = performance.now();
    const result = await outbound.post({
      ...tokenRequest(credentials),
      url: credentials.tokenUrl,
      timeoutMs,
      startBy: requestedAt + START_WITHIN_MS,
      projectId,
      poolKey: `${endpointId} token`,
    });
    // The delivery itself was not sent.
    if (result.kind === 'proxy_failed') return { ...result, maybeSent: false };
    if (result.kind === 'not_started') return result;
    const response: TokenResponse =
      result.kind === 'failed'
        ? { kind: 'failed', failure: unreachable(result) }
        : readTokenResponse(result, credentials);
    onRequest({
      outcome: response.kind === 'failed' ? response.failure.error.code : response.kind,
      durationMs: result.durationMs,
    });
    if (response.kind === 'failed') return response;
    const { token, lifetimeMs } = response;
    const usableUntil = requestedAt + usableForMs(lifetimeMs);
    cache.set(projectId, endpointId, { version, token, usableUntil, renewedAt });
    return { kind: 'token', token, usableUntil };
  }

  return {
    known,
    request: (client, timeoutMs) => request(client, timeoutMs),
    renew(client, refused, timeoutMs) {
      const cached = cache.get(client.endpointId);
      if (cached && cached.version === client.version) {
        const { token, usableUntil, renewedAt } = cached;
        // Another attempt has renewed it.
        if (token !== refused) return Promise.resolve({ kind: 'token', token, usableUntil });
        if (renewedAt !== null && performance.now() - renewedAt < RENEW_EVERY_MS) return null;
        cache.delete(client.endpointId);
      }
      return request(client, timeoutMs, performance.now());
    },
  };
}

const usableForMs = (lifetimeMs: number | null): number => {
  const lifetime = Math.min(lifetimeMs ?? DEFAULT_LIFETIME_MS, MAX_LIFETIME_MS);
  return lifetime - Math.min(MARGIN_MS, lifetime / 5);
};
