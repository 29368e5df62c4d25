import { useNavigate } from '@tanstack/react-router';
import { useMayChange } from '../../api/session.ts';
import { Button } from '../../kit/buttons/button.tsx';
import { Empty } from '../../kit/layout/page.tsx';
import { UseSampleReceiver, useSampleReceiver } from '../endpoint/sample-receiver.tsx';

type NoEndpointsProps = {
  project: string;
  isFiltered: boolean;
  /** Whether there are endpoints that were not looked at. */
  hasMore: boolean;
  onNew: () => void;
};

/** What an endpoint is, for whoever has none. */
export function NoEndpoints({ project, isFiltered, hasMore, onNew }: NoEndpointsProps) {
  const mayChange = useMayChange();
  const navigate = useNavigate();
  const sample = useSampleReceiver(project);
  if (isFiltered)
    return (
      <Empty icon="search" title={hasMore ? 'None of these endpoints fits' : 'No endpoint fits'}>
        <p>
          {hasMore
            ? 'There are more: look at them, too, or drop a filter.'
            : 'Drop a filter, or look for another part of the URL.'}
        </p>
      </Empty>
    );
  return (
    <Empty icon="webhook" title="An endpoint is a URL that receives">
      <p>
        It gets the events that it subscribes to, signed with a secret of its own.{' '}
        <code>npx posthorn listen</code> makes an endpoint of a program on your machine.
      </p>
      {sample !== undefined && (
        <>
          <p>
            With <code>npm start</code>, a sample receiver runs beside Posthorn. It verifies the signature,
            and answers 200.
          </p>
          <UseSampleReceiver
            project={project}
            url={sample}
            onMade={({ id: endpoint }) =>
              navigate({ to: '/p/$project/endpoints/$endpoint', params: { project, endpoint } })
            }
          />
        </>
      )}
      {mayChange && (
        <Button kind={sample === undefined ? 'primary' : 'plain'} icon="plus" onClick={onNew}>
          {sample === undefined ? 'Add one' : 'Add your own'}
        </Button>
      )}
    </Empty>
  );
}
