import { closeEvents } from './close-events.ts';

/** The interceptor module for `closeEvents: true`: an event for every workflow of the worker. */
export const interceptors = () => closeEvents();
