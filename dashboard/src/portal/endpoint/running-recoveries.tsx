import { useQuery } from '@tanstack/react-query';
import { recoveriesQuery } from '../../api/queries.ts';
import { RecoveryBar } from '../../endpoint/recovery/recovery-bar.tsx';
import { Panel } from '../../kit/layout/page.tsx';
import { StateOf } from '../../kit/status/state.tsx';
import { Moment } from '../../kit/time/moment.tsx';
import { project } from '../address.ts';
import css from './endpoint.module.css';

const SHOWN_FOR_MS = 10 * 60_000;

/** How far it is with sending again, for as long as someone may wait for it. */
export function RunningRecoveries({ endpoint }: { endpoint: string }) {
  const { data } = useQuery({
    ...recoveriesQuery(project),
    refetchInterval: ({ state }) => (state.data?.some(({ endedAt }) => endedAt === null) ? 2_000 : 30_000),
  });
  const now = Date.now();
  const shown = (data ?? []).filter(
    ({ filter, endedAt }) =>
      filter.endpoint === endpoint && (endedAt === null || now - Date.parse(endedAt) < SHOWN_FOR_MS),
  );
  if (shown.length === 0) return null;
  return (
    <Panel title="Sending again">
      {shown.map((recovery) => (
        <div key={recovery.id} className={css.running}>
          <p className={css.line}>
            <span>
              {recovery.filter.what === 'missing' ? 'What was missed' : 'What failed'}, started{' '}
              <Moment at={recovery.startedAt} />
            </span>
            <StateOf status={recovery.status} />
          </p>
          <RecoveryBar recovery={recovery} />
        </div>
      ))}
    </Panel>
  );
}
