import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { useState } from 'react';
import type { ApiKey } from '../../../../sdk/typescript/src/models.ts';
import { clientOf } from '../../api/client.ts';
import { Problem } from '../../api/problem.tsx';
import { keysQuery } from '../../api/queries.ts';
import { useMayChange } from '../../api/session.ts';
import { CallDialog } from '../../frame/call-dialog.tsx';
import { Button } from '../../kit/buttons/button.tsx';
import { Page, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import table from '../../kit/lists/table.module.css';
import { tell } from '../../kit/status/toast.tsx';
import { Moment } from '../../kit/time/moment.tsx';
import { NewKey } from './new-key.tsx';

/** Who may call the API, in this project. */
export function Keys() {
  const { project } = useParams({ from: '/frame/p/$project/keys' });
  const query = useQuery(keysQuery(project));
  const mayChange = useMayChange();
  const [isNew, setNew] = useState(false);
  const [doomed, setDoomed] = useState<ApiKey>();
  return (
    <Page
      title="Keys"
      actions={
        mayChange && (
          <Button kind="primary" icon="plus" onClick={() => setNew(true)}>
            New key
          </Button>
        )
      }
    >
      {query.error && <Problem error={query.error} />}
      <Panel>
        {query.isPending && <SkeletonRows rows={3} />}
        {query.data && (
          <table className={table.table}>
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col">For</th>
                <th scope="col">Access</th>
                <th scope="col">Last used</th>
                <th scope="col">Id</th>
                <th scope="col">Made</th>
                {mayChange && (
                  <th scope="col" className={table.act}>
                    Delete
                  </th>
                )}
              </tr>
            </thead>
            <tbody>
              {query.data.map((key) => (
                <tr key={key.id}>
                  <td data-label="Name" className={table.strong}>
                    {key.name ?? <span className={table.muted}>none</span>}
                  </td>
                  <td data-label="For">
                    {key.consumer === null ? 'the project' : `the consumer ${key.consumer}`}
                  </td>
                  <td data-label="Access">{key.access === 'read' ? 'read only' : 'full'}</td>
                  <td data-label="Last used" className={table.nowrap}>
                    {key.lastUsedAt === null ? (
                      <span className={table.muted}>never</span>
                    ) : (
                      <Moment at={key.lastUsedAt} />
                    )}
                  </td>
                  <td data-label="Id" className={`${table.mono} ${table.muted}`}>
                    {key.id}
                  </td>
                  <td data-label="Made" className={table.nowrap}>
                    <Moment at={key.createdAt} />
                  </td>
                  {mayChange && (
                    <td data-label="Delete" className={table.act}>
                      <Button kind="danger" icon="trash" onClick={() => setDoomed(key)}>
                        Delete
                      </Button>
                    </td>
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </Panel>
      {isNew && <NewKey project={project} onClose={() => setNew(false)} />}
      {doomed && <DeleteKey project={project} apiKey={doomed} onClose={() => setDoomed(undefined)} />}
    </Page>
  );
}

function DeleteKey({ project, apiKey, onClose }: { project: string; apiKey: ApiKey; onClose: () => void }) {
  const queryClient = useQueryClient();
  const remove = useMutation({
    mutationFn: () => clientOf(project).keys.delete(apiKey.id),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keysQuery(project).queryKey });
      tell('Deleted.');
      onClose();
    },
  });
  return (
    <CallDialog
      title="Delete this key?"
      call={remove}
      label="Delete the key"
      icon="trash"
      kind="danger"
      cancel="Keep it"
      onClose={onClose}
    >
      <p>
        <code>{apiKey.id}</code> stops working within a second, and with it whatever uses it: also the
        sessions that were opened with it.
      </p>
    </CallDialog>
  );
}
