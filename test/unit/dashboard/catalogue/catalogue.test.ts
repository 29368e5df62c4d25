import { schemaRows } from '../../../../dashboard/src/catalogue/schema-rows.ts';
import { covers, headerPieces, signedContent } from '../../../../dashboard/src/catalogue/signed-parts.ts';
import {
  fitsSearch,
  groupTypes,
  matchesType,
  toggled,
} from '../../../../dashboard/src/catalogue/type-groups.ts';

describe('event types', () => {
  test('are grouped by what stands before the first dot', () => {
    const types = ['render.completed', 'render.failed', 'ping', 'job.done'].map((type) => ({ type }));
    const groups = groupTypes(types).map(({ prefix, entries }) => [prefix, entries.length]);
    expect(groups).toEqual([
      ['render', 2],
      ['ping', 1],
      ['job', 1],
    ]);
  });

  test.each([
    ['*', 'a.b', true],
    ['a.b', 'a.b', true],
    ['a.*', 'a.b.c', true],
    ['a.*', 'a', false],
    ['a.*', 'ab.c', false],
    ['a.b', 'a.b.c', false],
  ])('the subscription %s to %s: %s', (pattern, type, expected) => {
    expect(matchesType(pattern, type)).toBe(expected);
  });

  test('choosing a group drops what it covers, and leaving it keeps the others', () => {
    expect(toggled(['render.failed', 'job.done'], 'render.*', true)).toEqual(['job.done', 'render.*']);
    expect(toggled(['a.b.*', 'c'], '*', true)).toEqual(['*']);
    expect(toggled(['job.done', 'render.*'], 'render.*', false)).toEqual(['job.done']);
    expect(toggled(['render.*'], 'render.*', true)).toEqual(['render.*']);
  });

  test('are found by any words of the name and the description', () => {
    const entry = { type: 'render.failed', description: 'A job has failed' };
    expect(fitsSearch(entry, 'JOB render')).toBe(true);
    expect(fitsSearch(entry, 'job done')).toBe(false);
    expect(fitsSearch(entry, '')).toBe(true);
  });
});

describe('the table of a schema', () => {
  test('names members, their types and rules, also of items and references', () => {
    const schema = {
      type: 'object',
      required: ['id'],
      properties: {
        id: { type: 'string', description: 'Its id', maxLength: 20 },
        state: { enum: ['a', 'b'] },
        size: { $ref: '#/$defs/size' },
        pages: {
          type: 'array',
          items: { type: 'object', properties: { n: { type: 'integer', minimum: 1 } } },
        },
      },
      $defs: { size: { type: ['number', 'null'] } },
    };
    expect(
      schemaRows(schema).map(({ path, type, isRequired, rules }) => [path, type, isRequired, rules]),
    ).toEqual([
      ['id', 'string', true, ['at most 20 characters']],
      ['state', 'any', false, ['one of "a", "b"']],
      ['size', 'number or null', false, []],
      ['pages', 'array of object', false, []],
      ['pages[].n', 'integer', false, ['at least 1']],
    ]);
  });

  test.each([
    [{ $ref: '#' }],
    [{ allOf: [{ $ref: '#' }], properties: { a: { $ref: '#' } } }],
    [{ type: 'array', items: { $ref: '#' } }],
    [{ properties: { a: { $ref: '#' }, b: { $ref: '#' }, c: { $ref: '#' } } }],
    [{ anyOf: [{ $ref: '#' }] }],
    [{ $ref: 'https://example.com/x' }],
    [{ $ref: '#/__proto__' }],
    [true],
  ])('ends for %j', (schema) => {
    expect(schemaRows(schema).length).toBeLessThanOrEqual(400);
  });
});

describe('what a signature covers', () => {
  const scheme = (content: '$body' | '$id.$sentAt.$body', headers: Record<string, string>) => ({
    headers,
    signature: {
      algorithm: 'hmac-sha256' as const,
      content,
      encoding: 'base64' as const,
      format: 'v1,$base64',
      whileRotating: 'all' as const,
    },
  });
  const preview = { id: 'evt_1', sentAt: '2026-03-26T14:30:00.000Z', body: '{"a":1}' };

  test('is the content, part by part', () => {
    expect(signedContent(scheme('$id.$sentAt.$body', {}), preview)).toEqual([
      { text: 'evt_1', part: 'id' },
      { text: '.' },
      { text: '1774535400', part: 'time' },
      { text: '.' },
      { text: '{"a":1}', part: 'body' },
    ]);
    expect(signedContent(scheme('$body', {}), preview)).toEqual([{ text: '{"a":1}', part: 'body' }]);
  });

  test('is marked in headers by their templates, and only where it is signed', () => {
    const all = scheme('$id.$sentAt.$body', {
      'Webhook-Id': '$id',
      'x-signature': 't=$sentAt,$$v=$signature',
    });
    expect(headerPieces('webhook-id', 'evt_1', all)).toEqual([{ text: 'evt_1', part: 'id' }]);
    expect(headerPieces('x-signature', 't=17,$v=abc=', all)).toEqual([
      { text: 't=' },
      { text: '17', part: 'time' },
      { text: ',$' },
      { text: 'v=' },
      { text: 'abc=', part: 'signature' },
    ]);
    const bodyOnly = scheme('$body', { 'x-id': '$id' });
    expect(headerPieces('x-id', 'evt_1', bodyOnly)).toEqual([{ text: 'evt_1' }]);
    expect(covers(bodyOnly, 'time')).toBe(false);
  });

  test('leaves a header alone that does not follow its template', () => {
    expect(headerPieces('x', 'other', scheme('$body', { x: 'v=$id' }))).toEqual([{ text: 'other' }]);
    expect(headerPieces('content-type', 'application/json', scheme('$body', {}))).toEqual([
      { text: 'application/json' },
    ]);
  });
});
