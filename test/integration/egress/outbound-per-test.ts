import { createAddressGuard } from '../../../src/egress/addresses/address-guard.ts';
import type { Lookup } from '../../../src/egress/addresses/lookup.ts';
import {
  createOutbound,
  type Outbound,
  type OutboundOptions,
  type OutboundRequest,
  type OutboundResult,
} from '../../../src/egress/outbound.ts';

export type OutboundPerTest = {
  /** Creates the client of this test. By default it may reach loopback addresses. */
  create(options?: Partial<OutboundOptions> & { allow?: string[] }): Outbound;
  /** Posts `{}` with the client that was created last. */
  post(url: string, timeoutMs?: number, more?: Partial<OutboundRequest>): Promise<OutboundResult>;
};

/** An HTTP client that is closed after each test. */
export function outboundPerTest(): OutboundPerTest {
  let outbound: Outbound | undefined;
  afterEach(async () => {
    await outbound?.close();
    outbound = undefined;
  });
  return {
    create: (options = {}) => {
      outbound = createOutbound({
        guard: createAddressGuard(options.allow ?? ['127.0.0.0/8', '::1/128']),
        quietPeriodMs: 0,
        ...options,
      });
      return outbound;
    },
    post: (url, timeoutMs = 2_000, more = {}) =>
      outbound!.post({
        url,
        headers: {},
        body: Buffer.from('{}'),
        timeoutMs,
        startBy: performance.now() + 1_000,
        projectId: 'project',
        poolKey: 'tenant',
        ...more,
      }),
  };
}

/** A lookup that returns each result in turn, and then the last one repeatedly. */
export const lookupIn = (...results: string[][]): Lookup => {
  let queries = 0;
  return async () => results[Math.min(queries++, results.length - 1)]!;
};
