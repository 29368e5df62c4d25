/** The lengths of the spans that are kept, in minutes. */
export const SPANS = [1, 5, 60, 1440] as const;
export type Span = (typeof SPANS)[number];

/** What figures are about: a whole project, a consumer of it, or an endpoint. */
export type StatisticsScope = TenantScope | { kind: 'endpoint'; id: string };
export type TenantScope = { kind: 'project' } | { kind: 'consumer'; id: string };

/** The shortest span that is kept for a scope. */
export const finestSpan = (kind: StatisticsScope['kind']): Span => (kind === 'project' ? 1 : 5);

const PREFIX = { consumer: 'c/', endpoint: 'e/' };

/** How a scope is stored. */
export const scopeKey = (scope: StatisticsScope): string =>
  scope.kind === 'project' ? '' : `${PREFIX[scope.kind]}${scope.id}`;

/** SQL: the start of the span of `minutes` that contains `time`. Spans begin at full hours and days in UTC. */
export const startOf = (minutes: string, time: string): string =>
  `date_bin(${minutes} * interval '1 minute', ${time}, timestamptz '1970-01-01 00:00:00+00')`;
