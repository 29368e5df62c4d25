import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Event } from '../../../../sdk/typescript/src/models.ts';
import { Problem } from '../../api/problem.tsx';
import { endpointsQuery } from '../../api/queries.ts';
import { useMayChange } from '../../api/session.ts';
import { EndpointState } from '../../endpoint/endpoint-state.tsx';
import { Button } from '../../kit/buttons/button.tsx';
import { Empty, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import table from '../../kit/lists/table.module.css';
import { shortUrl } from '../../kit/text/short-url.ts';
import { UrlText } from '../../kit/text/wrapping.tsx';
import { suggestedEndpoints } from './suggested-endpoints.ts';
import { useDeliverTo } from './use-deliver-to.ts';

const SHOWN = 10;

type UnroutedProps = { project: string; event: Event; onDone: () => void };

/** An event that went to nobody: why, and to which endpoints it could go. */
export function Unrouted({ project, event, onDone }: UnroutedProps) {
  const { data, isPending } = useQuery(
    endpointsQuery(project, event.consumer === null ? {} : { consumer: event.consumer }),
  );
  const mayChange = useMayChange();
  const send = useDeliverTo(project, event.id, onDone);
  const suggested = suggestedEndpoints(event, data?.items ?? []).slice(0, SHOWN);
  return (
    <>
      <Panel>
        <Empty icon="unplug" title="This event went to no endpoint">
          <p>
            No endpoint subscribed to <code>{event.type}</code>
            {event.consumer === null ? '' : ` for “${event.consumer}”`} when it came.
            {suggested.length > 0 && ' It can still be sent to one of those below.'}
          </p>
        </Empty>
      </Panel>
      {send.error && <Problem error={send.error} />}
      {(isPending || suggested.length > 0) && (
        <Panel title="Endpoints that can get it">
          {isPending && <SkeletonRows rows={2} />}
          {suggested.length > 0 && (
            <table className={table.table}>
              <thead>
                <tr>
                  <th scope="col">State</th>
                  <th scope="col">Endpoint</th>
                  <th scope="col">Subscribed to</th>
                  <th scope="col" className={table.act}>
                    Send
                  </th>
                </tr>
              </thead>
              <tbody>
                {suggested.map(({ endpoint, isSubscribed }) => (
                  <tr key={endpoint.id}>
                    <td data-label="State">
                      <EndpointState endpoint={endpoint} />
                    </td>
                    <td data-label="Endpoint" className={table.strong}>
                      <Link
                        to="/p/$project/endpoints/$endpoint"
                        params={{ project, endpoint: endpoint.id }}
                        search={{}}
                      >
                        <UrlText url={shortUrl(endpoint.url)} />
                      </Link>
                    </td>
                    <td data-label="Subscribed to">
                      <span>
                        {endpoint.events.join(', ')}
                        {isSubscribed && <strong> · would get it now</strong>}
                      </span>
                    </td>
                    <td data-label="Send" className={table.act}>
                      <Button
                        icon="send"
                        disabled={!mayChange}
                        busy={send.isPending}
                        onClick={() => send.mutate(endpoint.id)}
                      >
                        Send it here
                      </Button>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
        </Panel>
      )}
    </>
  );
}
