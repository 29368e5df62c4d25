import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { ConsumerSession } from '../../../../sdk/typescript/src/models.ts';
import { clientOf } from '../../api/client.ts';
import { consumerSessionsQuery } from '../../api/consumer-queries.ts';
import { Problem } from '../../api/problem.tsx';
import { useMayChange } from '../../api/session.ts';
import { CallDialog } from '../../frame/call-dialog.tsx';
import { Button } from '../../kit/buttons/button.tsx';
import { Nothing, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import table from '../../kit/lists/table.module.css';
import { State } from '../../kit/status/state.tsx';
import { tell } from '../../kit/status/toast.tsx';
import { counted } from '../../kit/text/counted.ts';
import { Moment } from '../../kit/time/moment.tsx';

const ALL = 6;

/** What a session may do, in words. */
function rightsOf({ capabilities }: ConsumerSession): string {
  if (capabilities.length >= ALL) return 'all of the portal';
  return capabilities.filter((name) => name !== 'view').join(', ');
}

type ConsumerSessionsProps = { project: string; consumer: string };

export function ConsumerSessions({ project, consumer }: ConsumerSessionsProps) {
  const query = useQuery({ ...consumerSessionsQuery(project, consumer), refetchInterval: 30_000 });
  const mayChange = useMayChange();
  const [isAsking, setAsking] = useState(false);
  const sessions = query.data ?? [];
  return (
    <Panel
      title="Portal sessions"
      aside={
        mayChange &&
        sessions.length > 0 && (
          <Button icon="log-out" onClick={() => setAsking(true)}>
            End all
          </Button>
        )
      }
    >
      {query.error && <Problem error={query.error} />}
      {query.isPending && <SkeletonRows rows={1} />}
      {query.data && sessions.length === 0 && <Nothing>Nobody is in the portal.</Nothing>}
      {sessions.length > 0 && (
        <table className={table.table}>
          <thead>
            <tr>
              <th scope="col">Rights</th>
              <th scope="col">Began</th>
              <th scope="col">Last used</th>
              <th scope="col">Ends</th>
            </tr>
          </thead>
          <tbody>
            {sessions.map((session) => (
              <tr key={session.id}>
                <td data-label="Rights">
                  {session.capabilities.length === 1 ? (
                    <State tone="info" icon="search">
                      view only
                    </State>
                  ) : (
                    rightsOf(session)
                  )}
                </td>
                <td data-label="Began">
                  <Moment at={session.createdAt} />
                </td>
                <td data-label="Last used">
                  <Moment at={session.lastUsedAt} />
                </td>
                <td data-label="Ends">
                  <Moment at={session.expiresAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {isAsking && (
        <EndSessions
          project={project}
          consumer={consumer}
          count={sessions.length}
          onClose={() => setAsking(false)}
        />
      )}
    </Panel>
  );
}

function EndSessions({
  project,
  consumer,
  count,
  onClose,
}: ConsumerSessionsProps & { count: number; onClose: () => void }) {
  const queryClient = useQueryClient();
  const end = useMutation({
    mutationFn: () => clientOf(project).consumers.endSessions(consumer),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: consumerSessionsQuery(project, consumer).queryKey });
      tell('Ended.');
      onClose();
    },
  });
  return (
    <CallDialog
      title="End all portal sessions?"
      call={end}
      label="End them"
      icon="log-out"
      kind="danger"
      cancel="Leave them"
      onClose={onClose}
    >
      <p>
        {counted(count, 'session ends', 'sessions end')} within a second. Whoever works in one needs a new
        link. Links that were not opened yet stay valid.
      </p>
    </CallDialog>
  );
}
