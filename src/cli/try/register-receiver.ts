import type { CompiledProfile } from '../../profiles/compile-profile.ts';
import type { CallApi } from './call-api.ts';

/** How a provider registers receivers, and for which consumer. */
type Registration = {
  /** `webhooks`: by the consumer, with its own key. `target`: not at all; each event contains URL and secret. */
  kind: 'endpoint' | 'webhooks' | 'target';
  consumer?: string;
};

const REGISTRATION_BY_PROFILE: Record<string, Registration> = {
  cmdcal: { kind: 'endpoint', consumer: 'org_1' },
  canvelete: { kind: 'endpoint', consumer: 'account_1' },
  'pdf-gorilla': { kind: 'target' },
  pausepoint: { kind: 'webhooks', consumer: 'dev_1' },
  smartlyq: { kind: 'endpoint', consumer: 'account_1' },
  'standard-webhooks': { kind: 'endpoint' },
};

export type RegisteredReceiver = {
  /** Null if each event contains its target. */
  endpointId: string | null;
  secret: string;
  /** Members that events need besides type, data and attributes in order to reach the receiver. */
  eventFields: { consumer?: string; target?: { url: string; secret: string } };
  description: string;
  /** Removes the endpoint, and the consumer with its keys. Afterwards nothing is sent to the URL. */
  remove(): Promise<void>;
};

/** A target cannot be removed, so its open deliveries would be retried for hours. */
async function cancelOpenDeliveries(call: CallApi): Promise<void> {
  for (const status of ['pending', 'retrying']) {
    const { items } = await call<{ items: { id: string }[] }>('GET', `/v1/deliveries?status=${status}`);
    for (const { id } of items) await call('POST', `/v1/deliveries/${id}/cancel`);
  }
}

/** Creates a client of the API that uses another key. */
export type CallApiWithKey = (key: string) => CallApi;

/** Registers the URL as the provider's page describes, in the project of `call`. */
export async function registerReceiver(
  profile: Pick<CompiledProfile, 'name' | 'plans' | 'secretRules' | 'generateSecret'>,
  url: string,
  call: CallApi,
  callWith: CallApiWithKey,
): Promise<RegisteredReceiver> {
  const { kind, consumer } = REGISTRATION_BY_PROFILE[profile.name] ?? { kind: 'endpoint' };
  const provided = profile.secretRules.source === 'provided' ? { secret: profile.generateSecret() } : {};
  if (kind === 'target') {
    const target = { url, secret: profile.generateSecret() };
    const description = 'none: each event contains its URL and secret';
    return {
      endpointId: null,
      secret: target.secret,
      eventFields: { target },
      description,
      remove: () => cancelOpenDeliveries(call),
    };
  }

  const plan = profile.plans?.[0];
  if (consumer !== undefined) {
    await call('PUT', `/v1/consumers/${consumer}`, plan === undefined ? {} : { plan });
  }
  type Created = { id: string; secret?: string };
  const created =
    kind === 'webhooks'
      ? await (await callAsConsumer(consumer!))<Created>('POST', '/v1/webhooks', {
          url,
          events: ['*'],
          ...provided,
        })
      : await call<Created>('POST', '/v1/endpoints', { url, ...(consumer && { consumer }), ...provided });
  const owner = consumer === undefined ? '' : ` of ${consumer}${plan === undefined ? '' : `, plan ${plan}`}`;
  return {
    endpointId: created.id,
    secret: provided.secret ?? created.secret!,
    eventFields: consumer === undefined ? {} : { consumer },
    description: `${created.id}${owner}${kind === 'webhooks' ? ', registered with the key of the consumer' : ''}`,
    remove: () =>
      call('DELETE', consumer === undefined ? `/v1/endpoints/${created.id}` : `/v1/consumers/${consumer}`),
  };

  async function callAsConsumer(owner: string): Promise<CallApi> {
    const { key } = await call<{ key: string }>('POST', '/v1/keys', { consumer: owner });
    return callWith(key);
  }
}
