export { createPosthornActivities } from './activities.ts';
export type * from './contract.ts';
export type { EventsClient } from './events-client.ts';
export { type PosthornPluginOptions, posthornPlugin } from './plugin.ts';
