import { compileBody } from './compose-body.ts';
import type { Profile } from './profile.ts';
import { compileRequiredNames } from './required-names.ts';

/** What stands for the rest of an example event: only its data and its attributes are the profile's to say. */
const REST = { id: 'evt_example', consumer: 'example', createdAt: '2026-01-01T00:00:00Z' };

export type ExampleProblem = { path: (string | number)[]; message: string };

/** Where in an entry of the catalogue the fault lies that an event of it would have at `pointer`. */
const placeOf = (pointer: string): string =>
  pointer.startsWith('/attributes') ? 'exampleAttributes' : 'example';

/** Why events made of the profile's own examples would be refused; empty when all of them can be sent. */
export function problemsOfExamples(
  profile: Pick<Profile, 'body' | 'headers' | 'dataBytes' | 'eventTypes'>,
): ExampleProblem[] {
  const compose = compileBody(profile);
  const problemsWithNames = compileRequiredNames(profile);
  return profile.eventTypes.flatMap(({ name, example, exampleAttributes = {} }, index) => {
    const event = { ...REST, type: name, attributes: exampleAttributes };
    const body = compose({ ...event, data: Buffer.from(JSON.stringify(example)), test: true });
    const problems = [...problemsWithNames(event), ...(Buffer.isBuffer(body) ? [] : body)];
    return problems.map(({ pointer, detail }) => ({
      path: ['eventTypes', index, placeOf(pointer)],
      message: `${pointer} ${detail}`,
    }));
  });
}
