import type { ReceivedRequest, ReferenceVerifier } from '../../src/cli/try/page-receivers/page-receiver.ts';
import { REFERENCE_VERIFIERS } from '../../src/cli/try/page-receivers/registry.ts';
import type { CompiledProfile } from '../../src/profiles/compile-profile.ts';
import { createBuiltInProfiles } from '../../src/profiles/shipped/registry.ts';

export type Provider = { name: string; profile: CompiledProfile; receiver: ReferenceVerifier };

const FIVE = ['cmdcal', 'canvelete', 'pdf-gorilla', 'pausepoint', 'smartlyq'];

const profiles = createBuiltInProfiles();

export const PROVIDERS: Provider[] = FIVE.map((name) => ({
  name,
  profile: profiles.get(name)!,
  receiver: REFERENCE_VERIFIERS.get(name)!,
}));

export const providerNamed = (name: string): Provider => PROVIDERS.find((each) => each.name === name)!;

/** Has all that any of the five needs. */
export const anyEvent = {
  id: 'evt_abc123',
  type: 'job.completed',
  createdAt: new Date('2026-04-06T10:01:23.456Z'),
  consumer: 'dev_uuid',
  attributes: { pause_id: 'psr_uuid' },
};

export type SentEvent = Partial<typeof anyEvent> & { data: string };

/** The body of an event as receivers get it; throws what the profile has against it. */
export function bodyOf({ profile }: Provider, { data, ...names }: SentEvent): Buffer {
  const body = profile.composeBody({ ...anyEvent, ...names, data: Buffer.from(data) });
  if (Buffer.isBuffer(body)) return body;
  throw new Error(`refused: ${JSON.stringify(body.errors)}`);
}

/** One attempt of an event, as a receiver sees it. */
export function requestOf(
  provider: Provider,
  { data, ...names }: SentEvent,
  secret: string,
  body = bodyOf(provider, { data, ...names }),
): ReceivedRequest {
  const sentAt = 1_775_469_684;
  const sent = provider.profile.requestHeaders({ ...anyEvent, ...names, sentAt, body, secrets: [secret] });
  const headers = Object.entries(sent).map(([name, value]) => [name.toLowerCase(), value]);
  return { headers: Object.fromEntries(headers), body };
}
