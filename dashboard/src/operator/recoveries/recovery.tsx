import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { Recovery } from '../../../../sdk/typescript/src/models.ts';
import { clientOf } from '../../api/client.ts';
import { Problem } from '../../api/problem.tsx';
import { endpointsQuery, recoveryQuery } from '../../api/queries.ts';
import { useMayChange } from '../../api/session.ts';
import { filterText, RecoveryBar } from '../../endpoint/recovery/recovery-bar.tsx';
import { CallDialog } from '../../frame/call-dialog.tsx';
import { Button } from '../../kit/buttons/button.tsx';
import { Facts, Page, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import { StateOf } from '../../kit/status/state.tsx';
import { Moment } from '../../kit/time/moment.tsx';
import { duration } from '../../kit/time/time.ts';
import css from './recoveries.module.css';

const isFinal = ({ status, open }: Recovery): boolean =>
  (status === 'done' || status === 'cancelled') && open === 0;

export function RecoveryScreen() {
  const { project, recovery: id } = useParams({ from: '/frame/p/$project/recoveries/$recovery' });
  const query = useQuery({
    ...recoveryQuery(project, id),
    refetchInterval: ({ state }) => (state.data && isFinal(state.data) ? false : 1_500),
  });
  const { data: endpoints } = useQuery(endpointsQuery(project, {}));
  const mayChange = useMayChange();
  const recovery = query.data;
  if (!recovery) {
    return (
      <Page title="Recovery">
        {query.error ? (
          <Problem error={query.error} />
        ) : (
          <Panel>
            <SkeletonRows rows={4} />
          </Panel>
        )}
      </Page>
    );
  }
  const urls = new Map(endpoints?.items.map((endpoint) => [endpoint.id, endpoint.url]));
  const figures: [string, number][] = [
    ['Sent again', recovery.done],
    ['Delivered', recovery.delivered],
    ['Open', recovery.open],
    ['Failed again', recovery.undeliverable],
    ['Left out', recovery.skipped],
  ];
  return (
    <Page
      title="Recovery"
      aside={<StateOf status={recovery.status} />}
      actions={mayChange && <Acts project={project} recovery={recovery} />}
    >
      <Facts
        items={[
          ['Sends', filterText(recovery.filter, urls)],
          ['Started', <Moment key="start" at={recovery.startedAt} />],
          ...(recovery.endedAt
            ? ([['Ended', <Moment key="end" at={recovery.endedAt} />]] as [string, React.ReactNode][])
            : []),
          ['By', <code key="by">{recovery.startedBy}</code>],
          ['Rate', `${recovery.rate} a second`],
          ['Id', <code key="id">{recovery.id}</code>],
        ]}
      />
      {query.error && <Problem error={query.error} />}
      <Panel>
        <div className={css.body}>
          <RecoveryBar recovery={recovery} />
          <dl className={css.figures}>
            {figures.map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value.toLocaleString()}</dd>
              </div>
            ))}
          </dl>
          <Remaining recovery={recovery} />
        </div>
      </Panel>
    </Page>
  );
}

function Remaining({ recovery: { status, total, done, skipped, rate } }: { recovery: Recovery }) {
  if (status !== 'running' || total === null) return null;
  const left = Math.max(0, total - done - skipped);
  return <p className={css.note}>About {duration(Math.max(1, left / rate) * 1_000)} until all are sent.</p>;
}

function Acts({ project, recovery }: { project: string; recovery: Recovery }) {
  const [asks, setAsks] = useState(false);
  const queryClient = useQueryClient();
  const act = useMutation({
    mutationFn: (kind: 'pause' | 'resume' | 'cancel') => clientOf(project).recoveries[kind](recovery.id),
    onSuccess: async (changed) => {
      setAsks(false);
      queryClient.setQueryData(recoveryQuery(project, recovery.id).queryKey, changed);
      await queryClient.invalidateQueries({ queryKey: [project] });
    },
  });
  if (recovery.status !== 'running' && recovery.status !== 'paused') return null;
  const isPaused = recovery.status === 'paused';
  return (
    <>
      {act.error && !asks && <Problem error={act.error} />}
      <Button
        icon={isPaused ? 'play' : 'pause'}
        busy={act.isPending}
        onClick={() => act.mutate(isPaused ? 'resume' : 'pause')}
      >
        {isPaused ? 'Resume' : 'Pause'}
      </Button>
      <Button kind="danger" icon="ban" onClick={() => setAsks(true)}>
        Cancel
      </Button>
      {asks && (
        <CallDialog
          title="Cancel this recovery?"
          call={{ ...act, mutate: () => act.mutate('cancel') }}
          label="Cancel the recovery"
          kind="danger"
          cancel="Let it go on"
          onClose={() => setAsks(false)}
        >
          <p>It sends nothing more. What it has sent goes on.</p>
        </CallDialog>
      )}
    </>
  );
}
