import { useQuery } from '@tanstack/react-query';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import { Problem } from '../../api/problem.tsx';
import { failuresQuery } from '../../api/queries.ts';
import { useRefetchTogether } from '../../api/refetch-together.ts';
import {
  backlogQuery,
  readinessQuery,
  timelineBeforeQuery,
  timelineQuery,
} from '../../api/statistics-queries.ts';
import { TimeChart } from '../../charts/time-chart.tsx';
import { Columns, Page } from '../../kit/layout/page.tsx';
import { State } from '../../kit/status/state.tsx';
import { useNow } from '../../kit/time/clock.ts';
import { Moment } from '../../kit/time/moment.tsx';
import { duration } from '../../kit/time/time.ts';
import { keepRange } from '../../kit/time/time-range.ts';
import { figuresOf } from '../../statistics/timeline-figures.ts';
import { dueOf, timesOf, trafficOf } from '../../statistics/timeline-series.ts';
import { defaultRange } from '../frame/range/range-picker.tsx';
import { useZoom } from '../frame/range/use-zoom.ts';
import { BusiestTypes } from './busiest-types.tsx';
import { Checklist } from './checklist.tsx';
import { OverviewFigures } from './figures.tsx';
import { useIsNew } from './first-events.ts';
import { NeedsAttention } from './needs-attention.tsx';
import css from './overview.module.css';
import { RunningRecoveries } from './running-recoveries.tsx';
import { SlowestEndpoints } from './slowest-endpoints.tsx';
import { type Verdict, verdictOf } from './verdict.ts';

const REFETCH_MS = 15_000;
const STALE_MS = 60_000;
/** The queries of the screen and of its panels. */
const REFETCHED = [
  'timeline',
  'backlog',
  'failures',
  'endpoint-figures',
  'event-type-figures',
  'recoveries',
] as const;

/** Whether all is well, now and in the range. */
export function Overview() {
  const { project } = useParams({ from: '/frame/p/$project/' });
  const search = useSearch({ from: '/frame/p/$project/' });
  const now = useNow(5_000);
  const range = { range: keepRange(search), fallback: defaultRange() };
  const placeholderData = <Data,>(old: Data | undefined) => old;
  const timeline = useQuery({ ...timelineQuery(project, range), placeholderData });
  const before = useQuery(timelineBeforeQuery(project, timeline.data));
  const backlog = useQuery({ ...backlogQuery(project), placeholderData });
  const failures = useQuery({ ...failuresQuery(project, {}), placeholderData });
  const readiness = useQuery({ ...readinessQuery, refetchInterval: REFETCH_MS });
  useRefetchTogether(project, REFETCHED, REFETCH_MS);
  const isNew = useIsNew(project);
  const [firstUse, setFirstUse] = useState<string>();
  // After one failed refresh the last figures stay: the next one comes in 15 s.
  const error = [timeline, backlog, failures].find(
    (query) => query.error && now - query.dataUpdatedAt > STALE_MS,
  )?.error;
  const zoom = useZoom();
  // Once begun, the first steps stay until the reader has seen what became of the event.
  if (isNew && firstUse !== project) setFirstUse(project);
  if (isNew || firstUse === project)
    return <Checklist key={project} project={project} onDone={() => setFirstUse(undefined)} />;
  const isAnswered = timeline.data && backlog.data && failures.data;
  return (
    <Page title="Overview">
      {error && <Problem error={error} />}
      <VerdictLine
        project={project}
        verdict={
          isAnswered && isNew === false
            ? verdictOf({
                readiness: readiness.data,
                backlog: backlog.data,
                failures: failures.data,
                delivered: figuresOf(timeline.data).delivered,
                now,
              })
            : undefined
        }
      />
      <OverviewFigures
        timeline={timeline.data}
        before={before.data}
        backlog={backlog.data}
        failures={failures.data}
        now={now}
      />
      <TimeChart
        kind="bars"
        title="Accepted and attempts"
        data={timeline.data && trafficOf(timeline.data)}
        onZoom={zoom}
      />
      <Columns>
        <TimeChart
          kind="lines"
          title="Latency and response time"
          data={timeline.data && timesOf(timeline.data, backlog.data?.oldestOpenAt)}
          note={<OldestOpen at={backlog.data?.oldestOpenAt ?? null} now={now} />}
          onZoom={zoom}
        />
        <TimeChart kind="bars" title="Due in the next two hours" data={backlog.data && dueOf(backlog.data)} />
        <NeedsAttention project={project} failures={failures.data} />
        <SlowestEndpoints project={project} range={range} />
        <BusiestTypes project={project} range={range} />
        <RunningRecoveries project={project} />
      </Columns>
    </Page>
  );
}

function OldestOpen({ at, now }: { at: string | null; now: number }) {
  return (
    <p className={css.note}>
      oldest open: <strong>{at === null ? 'none' : duration(Math.max(0, now - Date.parse(at)))}</strong>
    </p>
  );
}

const ICONS = { good: 'circle-check', warn: 'rotate-cw', bad: 'triangle-alert' } as const;
const WORDS = { good: 'well', warn: 'failing', bad: 'act now' } as const;

function VerdictLine({ project, verdict }: { project: string; verdict: Verdict | undefined }) {
  if (!verdict) return <p className={css.verdict}>Looking …</p>;
  return (
    <p className={css.verdict} data-tone={verdict.tone}>
      <State tone={verdict.tone} icon={ICONS[verdict.tone]}>
        {WORDS[verdict.tone]}
      </State>
      <span>
        {verdict.text}
        {verdict.at && (
          <>
            {' '}
            <Moment at={verdict.at} />.
          </>
        )}{' '}
        {verdict.needsYou && (
          <Link to="/p/$project/attention" params={{ project }}>
            See what and why
          </Link>
        )}
      </span>
    </p>
  );
}
