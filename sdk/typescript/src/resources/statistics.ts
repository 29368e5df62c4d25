import type { Call } from '../call.ts';
import type {
  Backlog,
  EndpointStatistics,
  EventTypeStatistics,
  GetEndpointStatisticsQuery,
  GetEventTypeStatisticsQuery,
  GetTimelineQuery,
  Timeline,
} from '../models.ts';

/** The API requires a beginning. */
type WithFrom<Query> = Query & { from: string };

export function statisticsOf(call: Call) {
  return {
    /** Attempts, deliveries and times over time. */
    timeline: (query: WithFrom<GetTimelineQuery>): Promise<Timeline> =>
      call('GET', '/v1/statistics/timeline', { query }),
    /** Attempts over time of up to 50 endpoints. */
    endpoints: (query: WithFrom<GetEndpointStatisticsQuery>): Promise<EndpointStatistics> =>
      call('GET', '/v1/statistics/endpoints', { query }),
    /** The number of accepted events by type. */
    eventTypes: (query: WithFrom<GetEventTypeStatisticsQuery>): Promise<EventTypeStatistics> =>
      call('GET', '/v1/statistics/event-types', { query }),
    /** What is open, and when it is due. */
    backlog: (): Promise<Backlog> => call('GET', '/v1/backlog'),
  };
}
