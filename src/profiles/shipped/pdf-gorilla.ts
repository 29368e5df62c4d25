import type { ProfileSource } from '../profile.ts';

/** PDF Gorilla's page: a download "only on completed", an error "on failure, else null". */
const eventTypes: ProfileSource['eventTypes'] = [
  {
    name: 'job.completed',
    description: 'The job has a PDF; its link lives for a few minutes',
    example: {
      status: 'completed',
      downloadUrl: 'https://files.example.com/cma1b2c3d4e5f6g7h8i9j0k.pdf',
      expiresAt: '2026-04-13T10:00:00.000Z',
      error: null,
    },
    schema: {
      type: 'object',
      required: ['status', 'downloadUrl', 'expiresAt', 'error'],
      properties: {
        status: { const: 'completed' },
        downloadUrl: { type: 'string' },
        expiresAt: { type: 'string' },
        error: { const: null },
      },
    },
  },
  {
    name: 'job.failed',
    description: 'The job ended without a PDF',
    example: { status: 'failed', error: { code: 'RENDER_TIMEOUT', message: 'PDF rendering timed out.' } },
    schema: {
      type: 'object',
      required: ['status', 'error'],
      properties: {
        status: { const: 'failed' },
        downloadUrl: false,
        expiresAt: false,
        error: {
          type: 'object',
          required: ['code', 'message'],
          properties: { code: { type: 'string' }, message: { type: 'string' } },
        },
      },
    },
  },
  {
    name: 'job.canceled',
    description: 'The job was canceled before it ended',
    example: { status: 'canceled', error: null },
    schema: {
      type: 'object',
      required: ['status', 'error'],
      properties: {
        status: { const: 'canceled' },
        downloadUrl: false,
        expiresAt: false,
        error: { const: null },
      },
    },
  },
];

/** Source: PDF Gorilla's page on the webhookUrl of a job, which does not specify the retry delays. */
export const pdfGorilla: ProfileSource = {
  name: 'pdf-gorilla',
  title: 'PDF Gorilla',
  body: { jobId: '$id', '...': '$data', timestamp: '$createdAt' },
  dataBytes: 'verbatim',
  timestampPrecision: 'milliseconds',
  headers: { 'x-pdfg-event-id': '$id', 'x-pdfg-signature': '$signature' },
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
    source: 'provided',
    returned: 'once',
  },
  timeout: '5s',
  policy: { delays: ['1m', '5m', '30m', '2h'], jitter: 0 },
  urls: { httpsOnly: true, publicOnly: true },
  eventTypes,
  labels: { undeliverable: 'undeliverable' },
};
