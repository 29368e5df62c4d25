import type { ProfileSource } from '../profile.ts';
import { canveleteEventTypes } from './canvelete-event-types.ts';

/**
 * Canvelete's page "Webhooks". Of its two receivers the one in Node.js verifies what it has parsed and written
 * again, the one in Python the raw body: the bytes are the same for both only when they are re-serialised here.
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
  urls: { httpsOnly: false, publicOnly: true },
  eventTypes: canveleteEventTypes,
  labels: { undeliverable: 'failed' },
};
