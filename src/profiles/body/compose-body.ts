import { childPointer } from '../../json-schema/json-pointer.ts';
import type { Profile } from '../profile.ts';
import { type FieldProblem, reserializationProblems, reserialize } from './reserialize.ts';
import { compileTemplate, isTemplate, SPREAD_MEMBER, type TemplateValues } from './template.ts';

export type BodyInput = TemplateValues & {
  /** The event's `data`: JSON, byte for byte as the producer sent it. */
  data: Buffer;
  /** Omitted for events that are not test events. */
  test?: boolean;
};

/** `data` is the event's data: a part of `body` if it was inserted there unchanged, or else the bytes that were given. */
export type ComposedBody = { body: Buffer; data: Buffer };

/** Returns a member with its name, or the contents of a spread object, which may be empty. */
type Member = (input: BodyInput) => (string | Buffer)[];

function compileMember([name, value]: [string, Profile['body'][string]]): Member {
  if (name === SPREAD_MEMBER) return ({ data }) => [objectContents(data)];
  const before = `${JSON.stringify(name)}:`;
  if (value === '$data') return ({ data }) => [before, data];
  if (value === '$test') return ({ test = false }) => [`${before}${test}`];
  if (value === '$sequence') return ({ sequence }) => [`${before}${sequence}`];
  if (!isTemplate(value)) return () => [before + JSON.stringify(value)];
  const template = compileTemplate(value);
  return (input) => [before + JSON.stringify(template.render(input))];
}

/** The variables in the body's templates, without `$data` and `$test`. */
export const bodyVariables = ({ body }: Pick<Profile, 'body'>): Set<string> =>
  new Set(
    Object.values(body).flatMap((value) => {
      if (value === '$sequence') return ['sequence'];
      return isTemplate(value) ? [...compileTemplate(value).variables] : [];
    }),
  );

/** The bytes between the braces of a JSON object; empty if it has no members. */
function objectContents(object: Buffer): Buffer {
  const contents = object.subarray(object.indexOf('{') + 1, object.lastIndexOf('}'));
  return contents.toString('latin1').trim() === '' ? contents.subarray(0, 0) : contents;
}

function spreadProblems(data: Buffer, memberNames: Set<string>): FieldProblem[] {
  const value: unknown = JSON.parse(data.toString('utf8'));
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return [
      { pointer: '/data', detail: 'must be an object, because its members become members of the body' },
    ];
  }
  return Object.keys(value)
    .filter((name) => memberNames.has(name))
    .map((name) => ({
      pointer: childPointer('/data', name),
      detail: 'must not have the name of another member of the body',
    }));
}

/** Text between two buffers is encoded at once: a call of the encoder costs more than the few bytes of one piece. */
function joinPieces(pieces: (string | Buffer)[], data: Buffer): ComposedBody {
  const buffers: Buffer[] = [];
  let text = '';
  let length = 0;
  let start: number | undefined;
  for (const piece of pieces) {
    if (typeof piece === 'string') {
      text += piece;
      continue;
    }
    const before = Buffer.from(text, 'utf8');
    text = '';
    if (piece === data) start = length + before.length;
    length += before.length + piece.length;
    buffers.push(before, piece);
  }
  buffers.push(Buffer.from(text, 'utf8'));
  const body = Buffer.concat(buffers);
  return { body, data: start === undefined ? data : body.subarray(start, start + data.length) };
}

/**
 * Compiles the body template. The returned function returns the body, or why this data has none.
 * `verbatim` data is inserted byte for byte; it is parsed only for a spread, to compare names. With `reserialized`,
 * the whole body is JSON.stringify(JSON.parse(body)), and data whose value this would change is refused.
 */
export function compileBody(
  profile: Pick<Profile, 'body' | 'dataBytes'>,
): (input: BodyInput) => ComposedBody | FieldProblem[] {
  const members = Object.entries(profile.body).map(compileMember);
  const hasSpread = SPREAD_MEMBER in profile.body;
  const memberNames = new Set(Object.keys(profile.body).filter((name) => name !== SPREAD_MEMBER));
  const reserializes = profile.dataBytes === 'reserialized';

  const join = (input: BodyInput): ComposedBody => {
    const pieces: (string | Buffer)[] = [];
    for (const member of members) {
      const [first = '', ...rest] = member(input);
      if (first.length > 0) pieces.push(pieces.length === 0 ? '{' : ',', first, ...rest);
    }
    if (pieces.length === 0) pieces.push('{');
    pieces.push('}');
    return joinPieces(pieces, input.data);
  };

  const joinAndReserialize = (input: BodyInput): ComposedBody => {
    const joined = join(input);
    const body = reserialize(joined.body);
    return body.equals(joined.body) ? joined : { body, data: input.data };
  };

  return (input) => {
    const problems = [
      ...(hasSpread ? spreadProblems(input.data, memberNames) : []),
      ...(reserializes ? reserializationProblems(input.data) : []),
    ];
    if (problems.length > 0) return problems;
    return reserializes ? joinAndReserialize(input) : join(input);
  };
}
