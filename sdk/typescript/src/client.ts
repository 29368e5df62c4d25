import { type Connection, createCall } from './call.ts';
import { type StreamOptions, streamOutcomes } from './outcome-stream.ts';
import { consumersOf } from './resources/consumers.ts';
import { deliveriesOf } from './resources/deliveries.ts';
import { endpointsOf } from './resources/endpoints.ts';
import { eventTypesOf } from './resources/event-types.ts';
import { eventsOf } from './resources/events.ts';
import { healthOf } from './resources/health.ts';
import { keysOf } from './resources/keys.ts';
import { profilesOf } from './resources/profiles.ts';
import { projectOf, projectsOf } from './resources/projects.ts';
import { webhooksOf } from './resources/webhooks.ts';
import type { ProfileName, SigningProfile } from './verify/profiles.ts';

export type PosthornClientOptions = Connection & {
  /** The default profile of `webhooks.verify`; `standard-webhooks` if omitted. */
  profile?: ProfileName | SigningProfile;
};

/** A client of Posthorn's API, with one member for each resource. */
export class PosthornClient {
  readonly events;
  readonly deliveries;
  readonly outcomes;
  readonly endpoints;
  readonly webhooks;
  readonly eventTypes;
  readonly consumers;
  readonly keys;
  readonly profiles;
  readonly project;
  readonly projects;
  readonly health;

  constructor(options: PosthornClientOptions) {
    const call = createCall(options);
    this.events = eventsOf(call);
    this.deliveries = deliveriesOf(call);
    this.outcomes = { stream: (from: StreamOptions = {}) => streamOutcomes(options, from) };
    this.endpoints = endpointsOf(call);
    this.webhooks = webhooksOf(call, options.profile);
    this.eventTypes = eventTypesOf(call);
    this.consumers = consumersOf(call);
    this.keys = keysOf(call);
    this.profiles = profilesOf(call);
    this.project = projectOf(call);
    this.projects = projectsOf(call);
    this.health = healthOf(call);
  }
}
