import type { ListedProject } from '../../../../sdk/typescript/src/models.ts';
import { type Figure, Figures } from '../../kit/layout/figures.tsx';
import { duration } from '../../kit/time/time.ts';
import { shareOf, shareText } from '../../statistics/timeline-figures.ts';

type TotalsProps = { projects: ListedProject[] | undefined; now: number };

/** The figures of the projects that are shown, together: they add up to what their rows say. */
export function Totals({ projects, now }: TotalsProps) {
  const sum = (of: 'accepted' | 'attempts' | 'failed' | 'undeliverable' | 'open'): number | undefined =>
    projects?.reduce((total, { figures }) => total + (figures?.[of] ?? 0), 0);
  const [attempts, failed, undeliverable] = [sum('attempts'), sum('failed'), sum('undeliverable')];
  const figure = (name: string, value: number | undefined, note: string): Figure => ({
    name,
    value: value?.toLocaleString(),
    note,
  });
  const oldest = projects?.flatMap(({ figures }) => figures?.oldestOpenAt ?? []).sort()[0];
  return (
    <Figures
      figures={[
        figure('Accepted', sum('accepted'), 'in 24 hours'),
        figure('Attempts', attempts, 'in 24 hours'),
        figure('Failed attempts', failed, 'in 24 hours'),
        {
          name: 'Delivered share',
          value: attempts === undefined ? undefined : shareText(shareOf(attempts - failed!, undeliverable!)),
          note: 'in 24 hours',
        },
        figure('Open', sum('open'), 'now'),
        {
          name: 'Oldest open',
          value:
            projects && (oldest === undefined ? 'none' : duration(Math.max(0, now - Date.parse(oldest)))),
          note: 'now',
        },
      ]}
    />
  );
}
