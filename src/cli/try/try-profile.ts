import { createBuiltInProfiles } from '../../profiles/shipped/registry.ts';
import { type CallApi, createCallApi } from './call-api.ts';
import { TryFailure } from './failure.ts';
import type { RunningPosthorn } from './find-posthorn.ts';
import { alignColumns } from './format.ts';
import { REFERENCE_VERIFIERS } from './page-receivers/registry.ts';
import { registerReceiver } from './registration.ts';
import type { EventTypeResponse } from './responses.ts';
import { showEvent, showTestEvent } from './show-event.ts';
import { showFailure } from './show-failure.ts';
import { startTrialReceiver } from './trial-receiver.ts';

export const TRIAL_PROFILE_NAMES = [...REFERENCE_VERIFIERS.keys()];

/** For a profile that leaves the types open. */
const ANY_TYPE = {
  type: 'render.completed',
  description: 'An example',
  example: { job_id: 'job_abc123' },
  exampleAttributes: {},
};

/**
 * Plays a provider against a running Posthorn: registers a receiver that verifies as the provider's page says, sends
 * it every event type, and shows a delivery that fails until its last attempt. Removes what it made but the project.
 * Throws a TryFailure with what was wrong.
 */
export async function tryProfile(
  name: string,
  { url, adminKey }: RunningPosthorn,
  { print, interrupted }: { print: (line: string) => void; interrupted: AbortSignal },
): Promise<void> {
  const profile = createBuiltInProfiles().get(name);
  const pageReceiver = REFERENCE_VERIFIERS.get(name);
  if (!profile || !pageReceiver) {
    throw new TryFailure(`There is no receiver for "${name}". There are: ${TRIAL_PROFILE_NAMES.join(', ')}.`);
  }
  const callWith = (key: string) => createCallApi(url, key);
  const receiver = await startTrialReceiver(pageReceiver, interrupted);
  const undo: (() => Promise<void>)[] = [receiver.close];
  try {
    const project = await callWith(adminKey)<{ id: string; key: string }>('POST', '/v1/projects', {
      name: `try ${name}`,
      profile: name,
    });
    const call = callWith(project.key);
    undo.push(() => deleteKeys(call));
    const registered = await registerReceiver(profile, receiver.url, call, callWith);
    undo.push(registered.remove);
    receiver.verifyWith(registered.secret);
    print(`${profile.title} on ${url}`);
    const made = [
      ['project', `${project.id}, profile ${name}`],
      ['endpoint', registered.description],
      ['receiver', `${receiver.url}, verifies as the page says`],
    ];
    for (const line of alignColumns(made, '    ')) print(line);

    const stage = { call, receiver, registered, print };
    const { items } = await call<{ items: EventTypeResponse[] }>('GET', '/v1/event-types?limit=200');
    const types = items.length > 0 ? items : [ANY_TYPE];
    for (const type of types) await showEvent(stage, type);
    if (registered.endpointId) await showTestEvent(stage, registered.endpointId);
    await showFailure(stage, profile, types[0]!);
    print(`\nEverything verified. What stays is the project ${project.id} with its events.`);
  } finally {
    // What went wrong first is what is told: a Posthorn that is gone cannot remove anything either.
    for (const one of undo.reverse()) await one().catch(() => print('Something could not be removed.'));
  }
}

/** The project’s own key is the only one: those of its consumer went with it. */
async function deleteKeys(call: CallApi): Promise<void> {
  const { items } = await call<{ items: { id: string }[] }>('GET', '/v1/keys');
  for (const { id } of items) await call('DELETE', `/v1/keys/${id}`);
}
