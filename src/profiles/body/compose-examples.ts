import { EXAMPLE_EVENT } from '../example-event.ts';
import type { Profile } from '../profile.ts';
import { compileRequiredFieldsCheck } from '../required-fields.ts';
import { compileBody } from './compose-body.ts';
import { compileSizeCheck } from './rendered-size.ts';
import type { Problem } from './reserialize.ts';

/** Either precision would do: what it is changes nothing. */
const createdAt = EXAMPLE_EVENT.createdAt.toISOString();

/** Every example lacks the same attributes: thousands of types times thousands of names would be millions. */
const ENOUGH = 100;

type EventType = Profile['eventTypes'][number];

export type ExampleProblem = { path: (string | number)[]; message: string };

/** Where in an entry of the catalogue the fault lies that an event of it would have at `pointer`. */
const placeOf = (pointer: string): string =>
  pointer.startsWith('/attributes') ? 'exampleAttributes' : 'example';

/** Why events made of the profile's own examples would be refused; empty when all of them can be sent. */
export function exampleProblems(
  profile: Pick<Profile, 'body' | 'headers' | 'dataBytes' | 'eventTypes'>,
): ExampleProblem[] {
  const compose = compileBody(profile);
  const problemsWithNames = compileRequiredFieldsCheck(profile);
  const problemsOfSize = compileSizeCheck(profile);

  const problemsWith = ({ name, example, exampleAttributes = {} }: EventType): Problem[] => {
    const event = { ...EXAMPLE_EVENT, createdAt, type: name, attributes: exampleAttributes };
    const tooLong = problemsOfSize(event);
    if (tooLong.length > 0) return tooLong;
    const body = compose({ ...event, data: Buffer.from(JSON.stringify(example)) });
    return [...problemsWithNames(event), ...(Buffer.isBuffer(body) ? [] : body)];
  };

  const found: ExampleProblem[] = [];
  for (const [index, type] of profile.eventTypes.entries()) {
    for (const { pointer, detail } of problemsWith(type))
      found.push({ path: ['eventTypes', index, placeOf(pointer)], message: `${pointer} ${detail}` });
    if (found.length > ENOUGH) break;
  }
  return found;
}
