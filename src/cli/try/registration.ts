import type { CompiledProfile } from '../../profiles/compile-profile.ts';
import type { CallApi } from './call-api.ts';

/** How receivers of a provider are registered, and for whom. */
type Registration = {
  /** `webhooks`: the consumer does it, with a key of its own. `target`: nobody; each event brings URL and secret. */
  by: 'endpoint' | 'webhooks' | 'target';
  consumer?: string;
};

const REGISTRATIONS: Record<string, Registration> = {
  cmdcal: { by: 'endpoint', consumer: 'org_1' },
  canvelete: { by: 'endpoint', consumer: 'account_1' },
  'pdf-gorilla': { by: 'target' },
  pausepoint: { by: 'webhooks', consumer: 'dev_1' },
  smartlyq: { by: 'endpoint', consumer: 'account_1' },
  'standard-webhooks': { by: 'endpoint' },
};

export type RegisteredReceiver = {
  /** Null where each event brings its target. */
  endpointId: string | null;
  secret: string;
  /** What events have beside type, data and attributes, so that they reach the receiver. */
  eventFields: { consumer?: string; target?: { url: string; secret: string } };
  description: string;
  /** Removes the endpoint, and the consumer with its keys; nothing is sent to the URL any more. */
  remove(): Promise<void>;
};

/** A target cannot be removed: what is open to it would go on for hours. */
async function cancelOpen(call: CallApi): Promise<void> {
  for (const status of ['pending', 'retrying']) {
    const { items } = await call<{ items: { id: string }[] }>('GET', `/v1/deliveries?status=${status}`);
    for (const { id } of items) await call('POST', `/v1/deliveries/${id}/cancel`);
  }
}

/** Has `call` made with another key. */
export type CallApiWithKey = (key: string) => CallApi;

/** Registers the URL as the provider's page says, in the project whose key `call` has. */
export async function registerReceiver(
  profile: Pick<CompiledProfile, 'name' | 'plans' | 'secretRules' | 'generateSecret'>,
  url: string,
  call: CallApi,
  callWith: CallApiWithKey,
): Promise<RegisteredReceiver> {
  const { by, consumer } = REGISTRATIONS[profile.name] ?? { by: 'endpoint' };
  const provided = profile.secretRules.source === 'provided' ? { secret: profile.generateSecret() } : {};
  if (by === 'target') {
    const target = { url, secret: profile.generateSecret() };
    const description = 'none: each event brings its URL and secret';
    return {
      endpointId: null,
      secret: target.secret,
      eventFields: { target },
      description,
      remove: () => cancelOpen(call),
    };
  }

  const plan = profile.plans?.[0];
  if (consumer !== undefined) {
    await call('PUT', `/v1/consumers/${consumer}`, plan === undefined ? {} : { plan });
  }
  type Made = { id: string; secret?: string };
  const made =
    by === 'webhooks'
      ? await (await keyOf(consumer!))<Made>('POST', '/v1/webhooks', { url, events: ['*'], ...provided })
      : await call<Made>('POST', '/v1/endpoints', { url, ...(consumer && { consumer }), ...provided });
  const owner = consumer === undefined ? '' : ` of ${consumer}${plan === undefined ? '' : `, plan ${plan}`}`;
  return {
    endpointId: made.id,
    secret: provided.secret ?? made.secret!,
    eventFields: consumer === undefined ? {} : { consumer },
    description: `${made.id}${owner}${by === 'webhooks' ? ', registered with a key of its own' : ''}`,
    remove: () =>
      call('DELETE', consumer === undefined ? `/v1/endpoints/${made.id}` : `/v1/consumers/${consumer}`),
  };

  async function keyOf(owner: string): Promise<CallApi> {
    const { key } = await call<{ key: string }>('POST', '/v1/keys', { consumer: owner });
    return callWith(key);
  }
}
