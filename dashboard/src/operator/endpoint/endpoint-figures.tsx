import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import type { Timeline } from '../../../../sdk/typescript/src/models.ts';
import type { ListRange } from '../../api/queries.ts';
import { backlogQuery, endpointFiguresQuery, timelineBeforeQuery } from '../../api/statistics-queries.ts';
import { type Figure, Figures } from '../../kit/layout/figures.tsx';
import { Moment } from '../../kit/time/moment.tsx';
import { duration } from '../../kit/time/time.ts';
import { figuresOf, shareText } from '../../statistics/timeline-figures.ts';
import { openFigure } from './open-figure.ts';
import { openDeliveriesQuery } from './waiting-deliveries.tsx';

type EndpointFiguresProps = {
  project: string;
  endpoint: string;
  range: ListRange;
  timeline: Timeline | undefined;
};

/** The figures of the range beside those of as long a time before, and what is open now. */
export function EndpointFigures({ project, endpoint, range, timeline }: EndpointFiguresProps) {
  const placeholderData = <Data,>(old: Data | undefined) => old;
  const { data: before } = useQuery(timelineBeforeQuery(project, timeline, { endpoint }));
  const { data: activity } = useQuery({
    ...endpointFiguresQuery(project, [endpoint], range),
    placeholderData,
  });
  const { data: backlog } = useQuery({ ...backlogQuery(project), placeholderData });
  // The list of what waits asks for it again.
  const { data: listed } = useInfiniteQuery(openDeliveriesQuery(project, endpoint));
  const now = timeline && figuresOf(timeline);
  // A time that was not counted whole would look like a rise.
  const earlier = before && before.beginsAt <= before.from ? figuresOf(before) : undefined;
  const compared = (name: string, textOf: (of: NonNullable<typeof now>) => string): Figure => ({
    name,
    value: now && textOf(now),
    note: earlier && `${textOf(earlier)} before`,
  });
  const own = activity?.items[0];
  const p95 = own?.totals.p95Ms;
  const open = openFigure(listed?.pages[0], backlog, endpoint);
  return (
    <Figures
      figures={[
        compared('Delivered share', ({ deliveredShare }) => shareText(deliveredShare)),
        compared('Attempts', ({ attempts }) => attempts.toLocaleString()),
        compared('Failed attempts', ({ failed }) => failed.toLocaleString()),
        { name: 'Response p95', value: own && (p95 == null ? '–' : duration(p95)) },
        {
          name: 'Open now',
          value: open?.value,
          note: open && `${open.retrying.toLocaleString()} retrying, ${open.held.toLocaleString()} held`,
        },
        {
          name: 'Last delivered',
          value: own && (own.lastDeliveredAt ? <Moment at={own.lastDeliveredAt} /> : 'never'),
        },
        {
          name: 'Last failure',
          value: own && (own.lastFailedAt ? <Moment at={own.lastFailedAt} /> : 'none'),
        },
      ]}
    />
  );
}
