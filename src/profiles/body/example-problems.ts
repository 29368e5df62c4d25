import { EXAMPLE_EVENT } from '../example-event.ts';
import type { Profile } from '../profile.ts';
import { compileRequiredFieldsCheck } from '../required-fields.ts';
import { compileBody } from './compose-body.ts';
import { compileSizeCheck } from './rendered-size.ts';
import type { FieldProblem } from './reserialize.ts';

/** In the longest precision. The precision cannot make an example invalid. */
const createdAt = EXAMPLE_EVENT.createdAt.toISOString();

/** All examples may lack the same attributes, and thousands of types times thousands of names would be millions. */
const MAX_PROBLEMS = 100;

type EventType = Profile['eventTypes'][number];

export type ExampleProblem = { path: (string | number)[]; message: string };

/** The field of an event type that causes a problem at `pointer` of its example event. */
const exampleField = (pointer: string): string =>
  pointer.startsWith('/attributes') ? 'exampleAttributes' : 'example';

/** Why example events of the profile could not be sent; empty if all of them can. At most about 100 problems. */
export function exampleProblems(
  profile: Pick<Profile, 'body' | 'headers' | 'dataBytes' | 'eventTypes'>,
): ExampleProblem[] {
  const compose = compileBody(profile);
  const missingFields = compileRequiredFieldsCheck(profile);
  const sizeProblems = compileSizeCheck(profile);

  const eventProblems = ({ name, example, exampleAttributes = {} }: EventType): FieldProblem[] => {
    const event = { ...EXAMPLE_EVENT, createdAt, type: name, attributes: exampleAttributes };
    const tooLong = sizeProblems(event);
    if (tooLong.length > 0) return tooLong;
    const composed = compose({ ...event, data: Buffer.from(JSON.stringify(example)) });
    return [...missingFields(event), ...(Array.isArray(composed) ? composed : [])];
  };

  const found: ExampleProblem[] = [];
  for (const [index, type] of profile.eventTypes.entries()) {
    for (const { pointer, detail } of eventProblems(type))
      found.push({ path: ['eventTypes', index, exampleField(pointer)], message: `${pointer} ${detail}` });
    if (found.length > MAX_PROBLEMS) break;
  }
  return found;
}
