import type {
  ReceivedRequest,
  ReferenceVerifier,
} from '../../src/cli/try/reference-verifiers/reference-verifier.ts';
import { REFERENCE_VERIFIERS } from '../../src/cli/try/reference-verifiers/registry.ts';
import type { CompiledProfile } from '../../src/profiles/compile-profile.ts';
import { createShippedProfiles } from '../../src/profiles/shipped/registry.ts';

export type Provider = { name: string; profile: CompiledProfile; receiver: ReferenceVerifier };

const PROVIDER_NAMES = ['cmdcal', 'canvelete', 'pdf-gorilla', 'pausepoint', 'smartlyq'];

const profiles = createShippedProfiles();

export const PROVIDERS: Provider[] = PROVIDER_NAMES.map((name) => ({
  name,
  profile: profiles.get(name)!,
  receiver: REFERENCE_VERIFIERS.get(name)!,
}));

export const getProvider = (name: string): Provider => PROVIDERS.find((each) => each.name === name)!;

/** An event with everything that any of the five providers needs. */
export const anyEvent = {
  id: 'evt_abc123',
  type: 'job.completed',
  createdAt: new Date('2026-04-06T10:01:23.456Z'),
  consumer: 'dev_uuid',
  attributes: { pause_id: 'psr_uuid' },
};

export type SentEvent = Partial<typeof anyEvent> & { data: string };

/** The body of an event that receivers get. Throws with the problems if the profile refuses the event. */
export function composeBody({ profile }: Provider, { data, ...fields }: SentEvent): Buffer {
  const body = profile.composeBody({ ...anyEvent, ...fields, data: Buffer.from(data) });
  if (Buffer.isBuffer(body)) return body;
  throw new Error(`refused: ${JSON.stringify(body.errors)}`);
}

/** The request of one attempt that a receiver gets. */
export function composeRequest(
  provider: Provider,
  { data, ...fields }: SentEvent,
  secret: string,
  body = composeBody(provider, { data, ...fields }),
): ReceivedRequest {
  const sentAt = 1_775_469_684;
  const sent = provider.profile.requestHeaders({ ...anyEvent, ...fields, sentAt, body, secrets: [secret] });
  const headers = Object.entries(sent).map(([name, value]) => [name.toLowerCase(), value]);
  return { headers: Object.fromEntries(headers), body };
}
