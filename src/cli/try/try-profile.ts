import { createShippedProfiles } from '../../profiles/shipped/registry.ts';
import type { EventTypeResponse } from './api-responses.ts';
import { type CallApi, createCallApi } from './call-api.ts';
import type { RunningPosthorn } from './find-posthorn.ts';
import { alignColumns } from './format.ts';
import { REFERENCE_VERIFIERS, TRIAL_PROFILE_NAMES } from './reference-verifiers/registry.ts';
import { registerReceiver } from './register-receiver.ts';
import { showEvent, showTestEvent } from './show-event.ts';
import { showFailingDelivery } from './show-failing-delivery.ts';
import { startTrialReceiver } from './trial-receiver.ts';
import { TryFailure } from './try-failure.ts';

/** For a profile without a list of event types. */
const ANY_TYPE = {
  type: 'render.completed',
  description: 'An example',
  example: { job_id: 'job_abc123' },
  exampleAttributes: {},
};

/**
 * Plays a provider against a running Posthorn: registers a receiver that verifies as the provider's page describes,
 * sends it every event type, and shows a delivery that fails until its last attempt. Removes what it has created except
 * for the project. Throws a TryFailure that says what was wrong.
 */
export async function tryProfile(
  name: string,
  { url, adminKey }: RunningPosthorn,
  { print, interrupted }: { print: (line: string) => void; interrupted: AbortSignal },
): Promise<void> {
  const profile = createShippedProfiles().get(name);
  const verifier = REFERENCE_VERIFIERS.get(name);
  if (!profile || !verifier) {
    throw new TryFailure(
      `There is no receiver for "${name}". Choose one of: ${TRIAL_PROFILE_NAMES.join(', ')}.`,
    );
  }
  const callWith = (key: string) => createCallApi(url, key);
  const receiver = await startTrialReceiver(verifier, interrupted);
  const cleanups: (() => Promise<void>)[] = [receiver.close];
  try {
    const project = await callWith(adminKey)<{ id: string; key: string }>('POST', '/v1/projects', {
      name: `try ${name}`,
      profile: name,
    });
    const call = callWith(project.key);
    cleanups.push(() => deleteKeys(call));
    const registered = await registerReceiver(profile, receiver.url, call, callWith);
    cleanups.push(registered.remove);
    receiver.verifyWith(registered.secret);
    print(`${profile.title} on ${url}`);
    const rows = [
      ['project', `${project.id}, profile ${name}`],
      ['endpoint', registered.description],
      ['receiver', `${receiver.url}, verifies as the provider’s page describes`],
    ];
    for (const line of alignColumns(rows, '    ')) print(line);

    const context = { call, receiver, registered, print };
    const { items } = await call<{ items: EventTypeResponse[] }>('GET', '/v1/event-types?limit=200');
    const types = items.length > 0 ? items : [ANY_TYPE];
    for (const type of types) await showEvent(context, type);
    if (registered.endpointId) await showTestEvent(context, registered.endpointId);
    await showFailingDelivery(context, profile, types[0]!);
    print(`\nEverything verified. The project ${project.id} and its events remain.`);
  } finally {
    // A failed cleanup must not replace the first error: if Posthorn is down, every cleanup fails too.
    for (const cleanup of cleanups.reverse())
      await cleanup().catch(() => print('A resource could not be removed.'));
  }
}

/** Only the project's own key is left: the keys of its consumer were deleted with the consumer. */
async function deleteKeys(call: CallApi): Promise<void> {
  const { items } = await call<{ items: { id: string }[] }>('GET', '/v1/keys');
  for (const { id } of items) await call('DELETE', `/v1/keys/${id}`);
}
