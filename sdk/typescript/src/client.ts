import { type Connection, createCall } from './call.ts';
import { type StreamOptions, streamOutcomes } from './outcome-stream.ts';
import { auditOf } from './resources/audit.ts';
import { consumersOf } from './resources/consumers.ts';
import { deliveriesOf } from './resources/deliveries.ts';
import { endpointsOf } from './resources/endpoints.ts';
import { erasuresOf } from './resources/erasures.ts';
import { eventTypesOf } from './resources/event-types.ts';
import { eventsOf } from './resources/events.ts';
import { dismissalsOf, failuresOf } from './resources/failures.ts';
import { healthOf } from './resources/health.ts';
import { keysOf } from './resources/keys.ts';
import { listenersOf } from './resources/listeners.ts';
import { operationalEndpointsOf } from './resources/operational-endpoints.ts';
import { portalLinksOf } from './resources/portal-links.ts';
import { profilesOf } from './resources/profiles.ts';
import { projectOf, projectsOf } from './resources/projects.ts';
import { cancellationsOf, recoveriesOf } from './resources/recoveries.ts';
import { statisticsOf } from './resources/statistics.ts';
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
  readonly failures;
  readonly dismissals;
  readonly recoveries;
  readonly cancellations;
  readonly outcomes;
  readonly statistics;
  readonly endpoints;
  readonly listeners;
  readonly webhooks;
  readonly eventTypes;
  readonly consumers;
  readonly keys;
  readonly portalLinks;
  readonly profiles;
  readonly project;
  readonly projects;
  readonly operationalEndpoints;
  readonly erasures;
  readonly audit;
  readonly health;

  constructor(options: PosthornClientOptions) {
    const call = createCall(options);
    this.events = eventsOf(call);
    this.deliveries = deliveriesOf(call);
    this.failures = failuresOf(call);
    this.dismissals = dismissalsOf(call);
    this.recoveries = recoveriesOf(call);
    this.cancellations = cancellationsOf(call);
    this.outcomes = { stream: (from: StreamOptions = {}) => streamOutcomes(options, from) };
    this.statistics = statisticsOf(call);
    this.endpoints = endpointsOf(call);
    this.listeners = listenersOf(call, options);
    this.webhooks = webhooksOf(call, options.profile);
    this.eventTypes = eventTypesOf(call);
    this.consumers = consumersOf(call);
    this.keys = keysOf(call);
    this.portalLinks = portalLinksOf(call);
    this.profiles = profilesOf(call);
    this.project = projectOf(call);
    this.projects = projectsOf(call);
    this.operationalEndpoints = operationalEndpointsOf(call);
    this.erasures = erasuresOf(call);
    this.audit = auditOf(call);
    this.health = healthOf(call);
  }
}
