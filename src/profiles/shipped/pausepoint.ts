import type { ProfileSource } from '../profile.ts';

const exampleAttributes = { pause_id: 'psr_uuid' };

/** PausePoint's page shows the data of two of the three types. It says when `choice` is null, and shows `text` as null. */
const eventTypes: ProfileSource['eventTypes'] = [
  {
    name: 'pause.responded',
    description: 'A human submits a response via the response page',
    example: {
      choice: 'Approve',
      text: null,
      response_at: '2026-05-08T14:23:00Z',
      metadata: { amount: 340, recipient_name: 'Acme Corp' },
    },
    exampleAttributes,
    schema: {
      type: 'object',
      required: ['choice', 'text', 'response_at', 'metadata'],
      properties: {
        choice: { type: ['string', 'null'] },
        text: { type: ['string', 'null'] },
        response_at: { type: 'string' },
        metadata: { type: ['object', 'null'] },
      },
    },
  },
  {
    name: 'pause.timed_out',
    description: 'The pause reaches expires_at without a response',
    example: { choice: 'Reject', response_at: '2026-05-08T18:00:00Z', metadata: { amount: 340 } },
    exampleAttributes,
    schema: {
      type: 'object',
      required: ['choice', 'response_at', 'metadata'],
      properties: {
        choice: { type: ['string', 'null'] },
        response_at: { type: 'string' },
        metadata: { type: ['object', 'null'] },
      },
    },
  },
  {
    name: 'pause.cancelled',
    description: 'A developer calls DELETE /v1/pause/{id}',
    example: { choice: null, metadata: { amount: 340 } },
    exampleAttributes,
  },
];

/** Source: PausePoint's page "Webhooks". */
export const pausepoint: ProfileSource = {
  name: 'pausepoint',
  title: 'PausePoint',
  body: {
    event: '$type',
    pause_id: '$attributes.pause_id',
    developer_id: '$consumer',
    timestamp: '$createdAt',
    data: '$data',
  },
  dataBytes: 'verbatim',
  timestampPrecision: 'seconds',
  headers: { 'X-PausePoint-Signature': '$signature', 'X-PausePoint-Event': '$type' },
  signature: {
    algorithm: 'hmac-sha256',
    content: '$body',
    encoding: 'hex',
    format: 'sha256=$hex',
    whileRotating: 'newest',
  },
  secret: {
    key: 'utf8',
    prefix: '',
    generated: { bytes: 32, encoding: 'hex' },
    min: 16,
    max: 512,
    source: 'provided',
    returned: 'once',
  },
  timeout: '5s',
  policy: { delays: ['30s', '60s', '120s'], jitter: 0 },
  // "3 attempts with exponential backoff (30s, 60s, 120s) on non-2xx responses": 410, 429 and 503 are no exceptions.
  responses: { gone: false, retryAfter: false, tooManyRequests: false, coolDown: false },
  urls: { httpsOnly: true, publicOnly: true },
  eventTypes,
  labels: { undeliverable: 'logged' },
};
