import { Ajv } from 'ajv';
import { getProvider, PROVIDERS } from '../../providers/providers.ts';

const CATALOGUES = {
  cmdcal: ['render.completed', 'render.failed', 'approval.changed'],
  canvelete: [
    'render.completed',
    'render.failed',
    'design.created',
    'design.updated',
    'design.deleted',
    'export.completed',
    'subscription.updated',
  ],
  'pdf-gorilla': ['job.completed', 'job.failed', 'job.canceled'],
  pausepoint: ['pause.responded', 'pause.timed_out', 'pause.cancelled'],
  smartlyq: [
    'job.completed',
    'job.failed',
    'social.posted',
    'social.failed',
    'chatbot.message',
    'wallet.low',
  ],
};

const ajv = new Ajv({ strict: true });

function accepts(provider: string, type: string, data: unknown): boolean {
  const { schema } = getProvider(provider).profile.eventTypes.find(({ name }) => name === type)!;
  return ajv.validate(schema!, data);
}

const exampleOf = (provider: string, type: string) =>
  getProvider(provider).profile.eventTypes.find(({ name }) => name === type)!.example as object;

test.each(Object.entries(CATALOGUES))('the catalogue of %s has the types of its page', (provider, types) => {
  const { eventTypes } = getProvider(provider).profile;
  expect(eventTypes.map(({ name }) => name)).toEqual(types);
  for (const { description } of eventTypes) expect(description).not.toBe('');
});

const withSchema = PROVIDERS.flatMap(({ name, profile }) =>
  profile.eventTypes.filter(({ schema }) => schema).map((type) => [name, type.name] as [string, string]),
);

test.each(withSchema)(
  'the example of %s %s matches its schema, also with an additional member',
  (provider, type) => {
    const example = exampleOf(provider, type);
    expect(accepts(provider, type, example)).toBe(true);
    expect(accepts(provider, type, { ...example, more: null })).toBe(true);
  },
);

test.each(withSchema)(
  'the data of %s %s must not be a string, and must have the status of the type if it has a status',
  (provider, type) => {
    expect(accepts(provider, type, 'text')).toBe(false);
    expect(accepts(provider, type, {})).toBe(false);
    const example = exampleOf(provider, type);
    if ('status' in example) expect(accepts(provider, type, { ...example, status: 'other' })).toBe(false);
  },
);

test.each([
  ['pausepoint', 'pause.timed_out', { choice: null }],
  ['pausepoint', 'pause.responded', { choice: null, text: 'Only up to 300' }],
  ['cmdcal', 'render.completed', { brand_pack_id: null }],
])('the data of %s %s may have %j', (provider, type, changes) => {
  expect(accepts(provider, type, { ...exampleOf(provider, type), ...changes })).toBe(true);
});

test.each([
  ['pdf-gorilla', 'job.failed', { downloadUrl: 'https://files.example.com/1.pdf' }],
  ['pdf-gorilla', 'job.failed', { error: null }],
  ['pdf-gorilla', 'job.completed', { error: { code: 'RENDER_TIMEOUT', message: 'Too late' } }],
  ['pdf-gorilla', 'job.canceled', { expiresAt: '2026-04-13T10:00:00.000Z' }],
  ['canvelete', 'render.failed', { error: 'RENDER_TIMEOUT' }],
  ['canvelete', 'design.created', { width: '1920' }],
  ['smartlyq', 'job.completed', { result: 'a text' }],
])('the data of %s %s must not have %j', (provider, type, changes) => {
  expect(accepts(provider, type, { ...exampleOf(provider, type), ...changes })).toBe(false);
});
