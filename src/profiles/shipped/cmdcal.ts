import type { ProfileSource } from '../profile.ts';

/** CmdCal's page shows the data of render.completed only. The other examples use the same member names. */
const eventTypes: ProfileSource['eventTypes'] = [
  {
    name: 'render.completed',
    description: 'A render job reaches succeeded status',
    example: {
      job_id: 'job_abc123',
      job_url: '/api/v2/jobs/job_abc123',
      status: 'succeeded',
      document_title: 'Q1 Board Deck',
      slide_count: 8,
      deck_score: 92,
      approval_status: 'needs_review',
      download_url: 'https://files.example.com/job_abc123.pptx',
      brand_pack_id: 'bp_xyz789',
    },
    schema: {
      type: 'object',
      required: ['job_id', 'job_url', 'status', 'download_url'],
      properties: {
        job_id: { type: 'string' },
        job_url: { type: 'string' },
        status: { const: 'succeeded' },
        document_title: { type: ['string', 'null'] },
        slide_count: { type: ['integer', 'null'], minimum: 0 },
        deck_score: { type: ['number', 'null'] },
        approval_status: { type: ['string', 'null'] },
        download_url: { type: 'string' },
        brand_pack_id: { type: ['string', 'null'] },
      },
    },
  },
  {
    name: 'render.failed',
    description: 'A render job reaches failed status',
    example: {
      job_id: 'job_abc123',
      job_url: '/api/v2/jobs/job_abc123',
      status: 'failed',
      document_title: 'Q1 Board Deck',
    },
  },
  {
    name: 'approval.changed',
    description: "A job's approval status changes to approved or rejected",
    example: {
      job_id: 'job_abc123',
      job_url: '/api/v2/jobs/job_abc123',
      document_title: 'Q1 Board Deck',
      approval_status: 'approved',
    },
  },
];

/** Source: CmdCal's page "Webhooks", which does not specify the length of secrets or the allowed URLs. */
export const cmdcal: ProfileSource = {
  name: 'cmdcal',
  title: 'CmdCal',
  body: { event: '$type', timestamp: '$createdAt', data: '$data' },
  dataBytes: 'verbatim',
  timestampPrecision: 'seconds',
  headers: { 'X-CmdCal-Signature': '$signature' },
  signature: {
    algorithm: 'hmac-sha256',
    content: '$body',
    encoding: 'hex',
    format: '$hex',
    whileRotating: 'newest',
  },
  secret: {
    key: 'utf8',
    prefix: '',
    generated: { bytes: 32, encoding: 'hex' },
    min: 1,
    max: 512,
    source: 'either',
    returned: 'once',
  },
  timeout: '30s',
  policy: { delays: ['30s', '2m', '10m', '1h'], jitter: 0 },
  // "When your endpoint returns a non-2xx status code or times out", CmdCal retries after these delays: 410, 429 and 503 are no exceptions.
  responses: { gone: false, retryAfter: false, tooManyRequests: false, coolDown: false },
  urls: { httpsOnly: false, publicOnly: true },
  plans: ['pro', 'business'],
  eventTypes,
  labels: { undeliverable: 'undeliverable' },
};
