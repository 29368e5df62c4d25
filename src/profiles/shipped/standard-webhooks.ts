import type { ProfileSource } from '../profile.ts';

/** Source: https://github.com/standard-webhooks/standard-webhooks, symmetric signatures. */
export const standardWebhooks: ProfileSource = {
  name: 'standard-webhooks',
  title: 'Standard Webhooks',
  body: { type: '$type', timestamp: '$createdAt', data: '$data' },
  dataBytes: 'verbatim',
  timestampPrecision: 'milliseconds',
  headers: {
    'webhook-id': '$id',
    'webhook-timestamp': '$sentAt',
    'webhook-signature': '$signature',
  },
  signature: {
    algorithm: 'hmac-sha256',
    content: '$id.$sentAt.$body',
    encoding: 'base64',
    format: 'v1,$base64',
    whileRotating: 'all',
  },
  secret: {
    key: 'base64AfterPrefix',
    prefix: 'whsec_',
    generated: { bytes: 32, encoding: 'base64' },
    min: 24,
    max: 64,
    source: 'either',
    returned: 'once',
  },
  timeout: '15s',
  policy: { delays: ['1m', '5m', '30m', '2h'], jitter: 0 },
  urls: { httpsOnly: false, publicOnly: true },
  labels: { undeliverable: 'undeliverable' },
};
