import type { Backlog, Failures, Timeline } from '../../../../sdk/typescript/src/models.ts';
import { type Figure, Figures } from '../../kit/layout/figures.tsx';
import { duration } from '../../kit/time/time.ts';
import { figuresOf, shareText } from '../../statistics/timeline-figures.ts';
import { countedText, openNow, retryingText } from './current-figures.ts';

type FiguresProps = {
  timeline: Timeline | undefined;
  before: Timeline | undefined;
  backlog: Backlog | undefined;
  failures: Failures | undefined;
  now: number;
};

const ms = (value: number | null): string => (value === null ? '–' : duration(value));

/** The figures of the range, each with that of as long a time before, and what is open now. */
export function OverviewFigures({ timeline, before, backlog, failures, now }: FiguresProps) {
  const figures = timeline && figuresOf(timeline);
  // A time that was not counted whole would look like a rise.
  const earlier = before && before.beginsAt <= before.from ? figuresOf(before) : undefined;
  const compared = (name: string, textOf: (of: NonNullable<typeof figures>) => string): Figure => ({
    name,
    value: figures && textOf(figures),
    note: earlier && `${textOf(earlier)} before`,
  });
  const counted = backlog && countedText(backlog, now);
  const current = (name: string, value: string | undefined): Figure => ({ name, value, note: counted });
  const open = backlog && failures && openNow(backlog, failures);
  const oldest = backlog?.oldestOpenAt;
  return (
    <Figures
      figures={[
        compared('Accepted', ({ accepted }) => accepted.toLocaleString()),
        compared('Delivered share', ({ deliveredShare }) => shareText(deliveredShare)),
        compared('Failed attempts', ({ failed }) => failed.toLocaleString()),
        compared('Latency p95', ({ latencyP95Ms }) => ms(latencyP95Ms)),
        current('Open', open?.toLocaleString()),
        { name: 'Retrying', value: failures && retryingText(failures), note: 'of the open ones' },
        { name: 'Held', value: backlog?.held.toLocaleString(), note: 'of the open ones' },
        current(
          'Oldest open',
          backlog && (oldest == null ? 'none' : duration(Math.max(0, now - Date.parse(oldest)))),
        ),
      ]}
    />
  );
}
