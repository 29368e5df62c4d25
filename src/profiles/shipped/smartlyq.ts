import type { ProfileSource } from '../profile.ts';

/** SmartlyQ's page shows the data of job.completed only. */
const eventTypes: ProfileSource['eventTypes'] = [
  {
    name: 'job.completed',
    description: 'An async job finished successfully',
    example: {
      job_id: 'job_abc123',
      type: 'article_generation',
      status: 'completed',
      result: { title: 'Ten ideas for spring', words: 1200 },
    },
    schema: {
      type: 'object',
      required: ['job_id', 'type', 'status', 'result'],
      properties: {
        job_id: { type: 'string' },
        type: { type: 'string' },
        status: { const: 'completed' },
        result: { type: ['object', 'null'] },
      },
    },
  },
  {
    name: 'job.failed',
    description: 'An async job failed',
    example: {
      job_id: 'job_abc123',
      type: 'article_generation',
      status: 'failed',
      error: 'The source could not be read',
    },
  },
  {
    name: 'social.posted',
    description: 'A social media post was published',
    example: { post_id: 'post_abc123', network: 'linkedin', url: 'https://social.example.com/post_abc123' },
  },
  {
    name: 'social.failed',
    description: 'A social media post failed to publish',
    example: { post_id: 'post_abc123', network: 'linkedin', error: 'The account is no longer connected' },
  },
  {
    name: 'chatbot.message',
    description: 'A chatbot received a visitor message',
    example: { chatbot_id: 'bot_abc123', visitor_id: 'visitor_1', message: 'Do you deliver on Sundays?' },
  },
  {
    name: 'wallet.low',
    description: 'Wallet balance dropped below threshold',
    example: { balance: 4.5, threshold: 5 },
  },
];

/** Source: SmartlyQ's page on webhooks, which does not specify the timeout. */
export const smartlyq: ProfileSource = {
  name: 'smartlyq',
  title: 'SmartlyQ',
  body: { event: '$type', timestamp: '$createdAt', data: '$data' },
  dataBytes: 'verbatim',
  timestampPrecision: 'seconds',
  headers: { 'X-SmartlyQ-Signature': '$signature', 'X-SmartlyQ-Event': '$type' },
  signature: {
    algorithm: 'hmac-sha256',
    content: '$sentAt.$body',
    encoding: 'hex',
    format: 't=$sentAt,v1=$hex',
    whileRotating: 'newest',
  },
  secret: {
    key: 'utf8',
    prefix: '',
    generated: { bytes: 32, encoding: 'hex' },
    min: 1,
    max: 512,
    source: 'generated',
    returned: 'once',
  },
  timeout: '30s',
  policy: { delays: ['2m', '4m', '8m', '16m', '32m'], jitter: 0 },
  // "If your endpoint returns a non-2xx status code, SmartlyQ retries delivery" at 2, 4, 8, 16 and 32 minutes: 410, 429 and 503 are no exceptions.
  responses: { gone: false, retryAfter: false, tooManyRequests: false, coolDown: false },
  urls: { httpsOnly: true, publicOnly: true },
  eventTypes,
  labels: { undeliverable: 'dropped' },
};
