import type { OutboundOptions } from '../../../../src/egress/outbound.ts';
import { createEgressProxy, type EgressProxyOptions } from '../../../../src/egress/proxy/egress-proxy.ts';
import { createNoProxy } from '../../../../src/egress/proxy/no-proxy.ts';
import { type ConnectProxy, startConnectProxy } from '../../../receivers/connect-proxy.ts';
import { type Receiver, type ReceiverOptions, startReceiver } from '../../../receivers/receiver.ts';
import { lookupIn, type OutboundPerTest, outboundPerTest } from '../outbound-per-test.ts';

/** Public for the guard, so that a request that does not go through the proxy arrives nowhere. */
export const PUBLIC = '203.0.114.1';

export type ProxyPerTest = {
  proxy(): ConnectProxy;
  startReceiver(options?: ReceiverOptions): Promise<Receiver>;
  /** The client of this test. Names resolve to PUBLIC, which leads to loopback at the proxy. */
  create(
    proxyOptions?: Partial<EgressProxyOptions> & { noProxy?: string[] },
    options?: Partial<OutboundOptions> & { allow?: string[] },
  ): ReturnType<OutboundPerTest['create']>;
  post: OutboundPerTest['post'];
};

/** A proxy and a client of it, both closed after each test. */
export function proxyPerTest(): ProxyPerTest {
  const { create, post } = outboundPerTest();
  const receivers: Receiver[] = [];
  let proxy: ConnectProxy;
  beforeEach(async () => {
    proxy = await startConnectProxy();
  });
  afterEach(async () => {
    await Promise.all([proxy.close(), ...receivers.splice(0).map((receiver) => receiver.close())]);
  });
  return {
    proxy: () => proxy,
    startReceiver: async (options) => {
      const receiver = await startReceiver([200], options);
      receivers.push(receiver);
      return receiver;
    },
    create: ({ noProxy = [], ...proxyOptions } = {}, options = {}) =>
      create({
        allow: [],
        lookup: lookupIn([PUBLIC]),
        proxy: createEgressProxy({
          address: { host: '127.0.0.1', port: proxy.port, secure: false },
          bypasses: createNoProxy(noProxy),
          ...proxyOptions,
        }),
        ...options,
      }),
    post,
  };
}
