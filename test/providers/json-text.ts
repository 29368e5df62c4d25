import fc from 'fast-check';

const space = fc.constantFrom('', ' ', '\n', '\t \r\n');
const text = fc.oneof(
  fc.string({ unit: 'binary' }).map((value) => JSON.stringify(value)),
  fc.constantFrom('"\\u0000"', '"\\/"', '"\\ud83d"', '"__proto__"', '"7"', '"07"', '"length"'),
);
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
  fc.stringMatching(/^-?(0|[1-9]\d{0,18})(\.\d{1,18})?([eE][+-]?\d{1,3})?$/),
);
const { json, object } = fc.letrec<{ json: string; object: string }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(text, number, fc.constantFrom('true', 'false', 'null')),
    fc.tuple(space, fc.array(tie('json'))).map(([gap, items]) => `[${gap}${items.join(`${gap},`)}${gap}]`),
    tie('object'),
  ),
  object: fc
    .tuple(space, fc.array(fc.tuple(text, tie('json'))))
    .map(
      ([gap, all]) =>
        `{${gap}${all.map(([name, value]) => `${name}${gap}:${gap}${value}`).join(`${gap},${gap}`)}${gap}}`,
    ),
}));

/** JSON text in any form that producers may send: white space, escapes, repeated members, numbers of any size. */
export const jsonText = json;
export const jsonObjectText = object;
