import { useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { apiUrl, clientOf } from '../../api/client.ts';
import { useMayChange } from '../../api/session.ts';
import { Button } from '../../kit/buttons/button.tsx';
import { CopyButton } from '../../kit/buttons/copy.tsx';
import { Empty } from '../../kit/layout/page.tsx';
import { CodeBlock } from '../../kit/text/code-block.tsx';
import { Moment } from '../../kit/time/moment.tsx';
import { RANGE_WORDS, type TimeRange, widerRange } from '../../kit/time/time-range.ts';
import { defaultRange } from '../frame/range/range-picker.tsx';
import css from './events.module.css';
import { useFilter } from './filters.tsx';

type NoEventsProps = {
  project: string;
  filters: [name: string, value: string][];
  search: TimeRange;
  onSend: () => void;
};

/** Says whether there ever was an event like these, and leads to it. */
export function NoEvents({ project, filters, search, onSend }: NoEventsProps) {
  const type = filters.find(([name]) => name === 'type')?.[1];
  const latest = useQuery({
    queryKey: [project, 'latest-event', type ?? ''],
    queryFn: async ({ signal }) => {
      const { items } = await clientOf(project, signal).events.summaries({ limit: 1, ...(type && { type }) });
      return items[0] ?? null;
    },
  });
  const filter = useFilter();
  const navigate = useNavigate();
  if (latest.data === undefined) return null;
  if (latest.data === null && filters.length === 0) return <NeverAny onSend={onSend} />;
  const wider = widerRange(search, defaultRange());
  return (
    <Empty icon="search" title="No event fits">
      {latest.data && (
        <p>
          The last {type ? 'of this type' : 'event'} came <Moment at={latest.data.createdAt} />.
        </p>
      )}
      <div className={css.row}>
        {wider && (
          <Button
            onClick={() =>
              void navigate({
                to: '.',
                search: (old) => ({ ...old, range: wider, since: undefined, until: undefined }),
              })
            }
          >
            {`Look in the last ${RANGE_WORDS[wider]}`}
          </Button>
        )}
        {filters.map(([name]) => (
          <Button key={name} onClick={() => filter({ [name]: undefined })}>
            {`Drop the ${name} filter`}
          </Button>
        ))}
      </div>
    </Empty>
  );
}

function NeverAny({ onSend }: { onSend: () => void }) {
  const mayChange = useMayChange();
  const example = `curl -sS ${apiUrl}/v1/events \\
  -H "Authorization: Bearer $POSTHORN_KEY" \\
  -H 'Content-Type: application/json' \\
  -d '{"type": "order.paid", "data": {"order": 17}}'`;
  return (
    <Empty icon="zap" title="No event yet">
      <p>
        An event is something that happened, which your program posts once. Posthorn delivers it to every
        endpoint that subscribed to its type.
      </p>
      <CodeBlock>{example}</CodeBlock>
      <p>
        Or, from the folder in which <code>npm start</code> runs: <code>npx posthorn trigger order.paid</code>
      </p>
      <div className={css.row}>
        <CopyButton text={example} what="the command" label="Copy the command" />
        {mayChange && (
          <Button kind="primary" icon="send" onClick={onSend}>
            Send one here
          </Button>
        )}
      </div>
    </Empty>
  );
}
