import { useMayChange } from '../../api/session.ts';
import { Button } from '../../kit/buttons/button.tsx';
import { Empty } from '../../kit/layout/page.tsx';
import { SampleReceiver } from './sample-receiver.tsx';

type NoEndpointsProps = {
  isFiltered: boolean;
  /** Whether there are endpoints that were not looked at. */
  hasMore: boolean;
  onNew: () => void;
};

/** What an endpoint is, for whoever has none. */
export function NoEndpoints({ isFiltered, hasMore, onNew }: NoEndpointsProps) {
  const mayChange = useMayChange();
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
        <code>posthorn listen</code> makes an endpoint of a program on your machine.
      </p>
      <SampleReceiver />
      {mayChange && (
        <Button kind="primary" icon="plus" onClick={onNew}>
          Add one
        </Button>
      )}
    </Empty>
  );
}
