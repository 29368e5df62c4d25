import { useQuery } from '@tanstack/react-query';
import { Problem } from '../../api/problem.tsx';
import { timelineQuery } from '../../api/statistics-queries.ts';
import { ChartSkeleton } from '../../charts/chart-skeleton.tsx';
import { TimeBars } from '../../charts/time-bars.tsx';
import { TimeLines } from '../../charts/time-lines.tsx';
import { Page, Panel } from '../../kit/layout/page.tsx';
import { figuresOf, shareText } from '../../statistics/timeline-figures.ts';
import { timesOf, trafficOf } from '../../statistics/timeline-series.ts';
import { project } from '../address.ts';
import { ByType } from './by-type.tsx';
import { MONTH } from './month.ts';
import css from './usage.module.css';

/** How much comes, of what, and how much of it fails. */
export function Usage() {
  const { data, error } = useQuery({
    ...timelineQuery(project, MONTH, {}, '1d'),
    refetchInterval: 60_000,
    placeholderData: (old) => old,
  });
  const figures = data && figuresOf(data);
  return (
    <Page title="Usage of the last 30 days">
      {error && <Problem error={error} hasOld={data !== undefined} />}
      <Panel>
        <dl className={css.figures}>
          <Figure name="Events" value={figures?.accepted} />
          <Figure name="Delivered" value={figures?.delivered} />
          <Figure name="Given up" value={figures?.undeliverable} />
          <div>
            <dt>Delivered share</dt>
            <dd>{figures ? shareText(figures.deliveredShare) : '…'}</dd>
          </div>
          <Figure name="Requests" value={figures?.attempts} />
          <Figure name="Failed requests" value={figures?.failed} />
        </dl>
      </Panel>
      {data ? (
        <TimeBars title="Requests and events a day" data={trafficOf(data)} />
      ) : (
        <ChartSkeleton title="Requests and events a day" />
      )}
      {data ? (
        <TimeLines
          title="How long it took"
          data={timesOf(data)}
          note={
            <p className={css.note}>
              Latency: until it was delivered, retries included. Response: one request.
            </p>
          }
        />
      ) : (
        <ChartSkeleton title="How long it took" />
      )}
      <ByType />
    </Page>
  );
}

function Figure({ name, value }: { name: string; value: number | null | undefined }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value == null ? '…' : value.toLocaleString()}</dd>
    </div>
  );
}
