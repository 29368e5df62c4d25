import { childPointer } from '../../json-schema/json-pointer.ts';
import type { Profile } from '../profile.ts';
import { type Problem, reserializationProblems, reserialize } from './reserialize.ts';
import { compileTemplate, SPREAD_MEMBER, type TemplateValues } from './template.ts';

export type BodyInput = TemplateValues & {
  /** The event's `data`, JSON as the producer wrote it. */
  data: Buffer;
  /** Left out: a real event. */
  test?: boolean;
};

/** A member with its name, or the inside of a spread object; empty where that has no members. */
type Member = (parts: BodyInput) => (string | Buffer)[];

function compileMember([name, value]: [string, Profile['body'][string]]): Member {
  if (name === SPREAD_MEMBER) return ({ data }) => [insideOf(data)];
  const before = `${JSON.stringify(name)}:`;
  if (value === '$data') return ({ data }) => [before, data];
  if (value === '$test') return ({ test = false }) => [`${before}${test}`];
  if (typeof value !== 'string') return () => [before + JSON.stringify(value)];
  const template = compileTemplate(value);
  return (parts) => [before + JSON.stringify(template.render(parts))];
}

/** What stands between the braces of a JSON object. */
function insideOf(object: Buffer): Buffer {
  const inside = object.subarray(object.indexOf('{') + 1, object.lastIndexOf('}'));
  return inside.toString('latin1').trim() === '' ? inside.subarray(0, 0) : inside;
}

function problemsOfSpreading(data: Buffer, ownNames: Set<string>): Problem[] {
  const value: unknown = JSON.parse(data.toString('utf8'));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return [{ pointer: '/data', detail: 'must be an object: its members become members of the body' }];
  }
  return Object.keys(value)
    .filter((name) => ownNames.has(name))
    .map((name) => ({
      pointer: childPointer('/data', name),
      detail: 'the body has a member of this name already',
    }));
}

/**
 * Compiles the body template. Verbatim data is placed byte for byte; nothing parses it but a spread, which looks
 * at its names. Re-serialised, the whole body is JSON.stringify(JSON.parse(body)), and data that this would change
 * the value of is refused.
 */
export function compileBody(
  profile: Pick<Profile, 'body' | 'dataBytes'>,
): (parts: BodyInput) => Buffer | Problem[] {
  const members = Object.entries(profile.body).map(compileMember);
  const spreads = SPREAD_MEMBER in profile.body;
  const ownNames = new Set(Object.keys(profile.body).filter((name) => name !== SPREAD_MEMBER));
  const rewrites = profile.dataBytes === 'reserialized';

  const join = (parts: BodyInput): Buffer => {
    const pieces: (string | Buffer)[] = [];
    for (const member of members) {
      const [first = '', ...rest] = member(parts);
      if (first.length > 0) pieces.push(pieces.length === 0 ? '{' : ',', first, ...rest);
    }
    if (pieces.length === 0) pieces.push('{');
    pieces.push('}');
    return Buffer.concat(
      pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece, 'utf8') : piece)),
    );
  };

  return (parts) => {
    const problems = [
      ...(spreads ? problemsOfSpreading(parts.data, ownNames) : []),
      ...(rewrites ? reserializationProblems(parts.data) : []),
    ];
    if (problems.length > 0) return problems;
    return rewrites ? reserialize(join(parts)) : join(parts);
  };
}
