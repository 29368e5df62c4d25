import { PosthornClient } from '@posthorn/sdk';

const {
  POSTHORN_URL = 'http://127.0.0.1:4000',
  POSTHORN_KEY,
  TEMPORAL_ADDRESS = '127.0.0.1:7233',
  TEMPORAL_NAMESPACE = 'default',
} = process.env;
if (!POSTHORN_KEY) throw new Error('Set POSTHORN_KEY to a key of the project: export POSTHORN_KEY=ph_…');

export const posthorn = new PosthornClient({ url: POSTHORN_URL, apiKey: POSTHORN_KEY });
export const address = TEMPORAL_ADDRESS;
export const namespace = TEMPORAL_NAMESPACE;
export const ORDERS = 'orders';
export const POSTHORN_NEXUS = 'posthorn-nexus';
