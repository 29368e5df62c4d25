import type { CallApi } from '../../src/cli/try/call-api.ts';
import { type RegisteredReceiver, registerReceiver } from '../../src/cli/try/register-receiver.ts';
import type { Event, TestPosthorn } from '../set-up/test-posthorn.ts';
import type { Provider } from './providers.ts';

/** A project of a provider with one registered receiver, as the provider's page describes. */
export type Account = {
  key: string;
  /** Calls the API with the project key. Throws if the status is not 2xx. */
  call: CallApi;
  registered: RegisteredReceiver;
  /** Posts an event to the receiver. `data` is JSON text, which is sent unchanged. */
  post(type: string, data: string): Promise<Event>;
};

export async function openAccount(
  posthorn: TestPosthorn,
  { name, profile }: Provider,
  url: string,
): Promise<Account> {
  const callWith =
    (key: string): CallApi =>
    async <T>(method: string, path: string, body?: unknown) => {
      const { status, text, body: response } = await posthorn.client.call(method, path, { key, body });
      if (status >= 300) throw new Error(`${method} ${path} returned ${status}: ${text}`);
      return response as T;
    };
  const { key } = await posthorn.newProject({ profile: name });
  const call = callWith(key);
  const registered = await registerReceiver(profile, url, call, callWith);
  return {
    key,
    call,
    registered,
    post: (type, data) => {
      const attributes = profile.eventTypes.find((each) => each.name === type)?.exampleAttributes;
      const rest = JSON.stringify({ type, ...(attributes && { attributes }), ...registered.eventFields });
      return call('POST', '/v1/events', `${rest.slice(0, -1)},"data":${data}}`);
    },
  };
}
