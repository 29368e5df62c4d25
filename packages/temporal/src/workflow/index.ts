// What workflow code may import: nothing here needs Node.js.
export type * from '../contract.ts';
export { type CloseEventsOptions, closeEvents } from './close-events.ts';
export { posthornService } from './nexus-service.ts';
export { defaultCloseEvent, type WorkflowClose } from './workflow-close.ts';
