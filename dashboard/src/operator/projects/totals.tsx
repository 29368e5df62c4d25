import type { Backlog, ListedProject } from '../../../../sdk/typescript/src/models.ts';
import { shareOf, shareText } from '../../delivery/timeline-figures.ts';
import { type Figure, Figures } from '../../kit/layout/figures.tsx';
import { duration } from '../../kit/time/time.ts';

type TotalsProps = {
  projects: ListedProject[] | undefined;
  /** Whether there are more projects than these. */
  isPart: boolean;
  backlog: Backlog | undefined;
  now: number;
};

/** The figures of all projects together. */
export function Totals({ projects, isPart, backlog, now }: TotalsProps) {
  const sum = (of: 'accepted' | 'attempts' | 'failed' | 'undeliverable'): number | undefined =>
    projects?.reduce((total, { figures }) => total + (figures?.[of] ?? 0), 0);
  const [attempts, failed, undeliverable] = [sum('attempts'), sum('failed'), sum('undeliverable')];
  const note = isPart ? `of ${projects?.length} projects` : 'in 24 hours';
  const day = (name: string, value: number | undefined): Figure => ({
    name,
    value: value?.toLocaleString(),
    note,
  });
  const oldest = backlog?.oldestOpenAt;
  return (
    <Figures
      figures={[
        day('Accepted', sum('accepted')),
        day('Attempts', attempts),
        day('Failed attempts', failed),
        {
          name: 'Delivered share',
          value: attempts === undefined ? undefined : shareText(shareOf(attempts - failed!, undeliverable!)),
          note,
        },
        {
          name: 'Open',
          value: backlog && (backlog.pending + backlog.retrying + backlog.held).toLocaleString(),
          note: backlog && `${backlog.retrying.toLocaleString()} retrying`,
        },
        {
          name: 'Oldest open',
          value: backlog && (oldest == null ? 'none' : duration(Math.max(0, now - Date.parse(oldest)))),
          note: 'now',
        },
      ]}
    />
  );
}
