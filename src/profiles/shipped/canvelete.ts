import type { ProfileSource } from '../profile.ts';
import { canveleteEventTypes } from './canvelete-event-types.ts';

/**
 * Source: Canvelete's page "Webhooks". Its Node.js receiver verifies the body after parsing and stringifying it, its
 * Python receiver verifies the raw body. Both get the same bytes only if the body is re-serialized before signing.
 */
export const canvelete: ProfileSource = {
  name: 'canvelete',
  title: 'Canvelete',
  body: { eventId: '$id', eventType: '$type', timestamp: '$createdAt', data: '$data' },
  dataBytes: 'reserialized',
  timestampPrecision: 'seconds',
  headers: { 'X-Canvelete-Signature': '$signature' },
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
    min: 1,
    max: 512,
    source: 'generated',
    returned: 'once',
  },
  timeout: '30s',
  policy: { delays: ['1m', '5m', '30m', '2h'], jitter: 0 },
  // "Failed webhook deliveries are retried" five times in all, at the times of a table: 410, 429 and 503 are no exceptions.
  responses: { gone: false, retryAfter: false, tooManyRequests: false, coolDown: false },
  urls: { httpsOnly: false, publicOnly: true },
  eventTypes: canveleteEventTypes,
  labels: { undeliverable: 'failed' },
};
