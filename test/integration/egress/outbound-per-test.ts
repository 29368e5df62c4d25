import { createAddressGuard } from '../../../src/egress/addresses/address-guard.ts';
import type { Lookup } from '../../../src/egress/addresses/lookup.ts';
import {
  createOutbound,
  type Outbound,
  type OutboundOptions,
  type OutboundRequest,
  type OutboundResult,
} from '../../../src/egress/outbound.ts';
import { eventually } from '../../set-up/eventually.ts';

/** Times that no request needs in full, even on a busy machine. */
const LONG_MS = 20_000;

export type OutboundPerTest = {
  /** Creates the client of this test. By default it may reach loopback addresses. */
  create(options?: Partial<OutboundOptions> & { allow?: string[] }): Outbound;
  /** Posts `{}` with the client that was created last. */
  post(url: string, more?: Partial<OutboundRequest>): Promise<OutboundResult>;
  stats(): ReturnType<Outbound['stats']>;
  /** Waits until no request is in flight and the connections that are left can be reused. */
  untilIdle(): Promise<void>;
};

/** An HTTP client that is closed after each test. */
export function outboundPerTest(): OutboundPerTest {
  let outbound: Outbound | undefined;
  afterEach(async () => {
    await outbound?.close();
    outbound = undefined;
  });
  const stats = () => outbound!.stats();
  return {
    create: (options = {}) => {
      outbound = createOutbound({
        guard: createAddressGuard(options.allow ?? ['127.0.0.0/8', '::1/128']),
        quietPeriodMs: 0,
        ...options,
      });
      return outbound;
    },
    post: (url, more = {}) =>
      outbound!.post({
        url,
        headers: {},
        body: Buffer.from('{}'),
        timeoutMs: LONG_MS,
        startBy: performance.now() + LONG_MS,
        projectId: 'project',
        poolKey: 'tenant',
        ...more,
      }),
    stats,
    untilIdle: () => eventually(() => stats().idle === stats().connections),
  };
}

/** A lookup that returns each result in turn, and then the last one repeatedly. */
export const lookupIn = (...results: string[][]): Lookup => {
  let queries = 0;
  return async () => results[Math.min(queries++, results.length - 1)]!;
};
