import { useQuery } from '@tanstack/react-query';
import { Navigate, useParams } from '@tanstack/react-router';
import { Problem } from '../../api/problem.tsx';
import { deliveryQuery } from '../../api/queries.ts';
import { Page, Panel, SkeletonRows } from '../../kit/layout/page.tsx';

/** The address of a delivery leads to its event, which shows it among the others. */
export function DeliveryRedirect() {
  const { project, delivery: id } = useParams({ from: '/frame/p/$project/deliveries/$delivery' });
  const { data, error } = useQuery(deliveryQuery(project, id));
  if (data) {
    return (
      <Navigate
        to="/p/$project/events/$event"
        params={{ project, event: data.event }}
        search={{ delivery: id }}
        replace
      />
    );
  }
  return (
    <Page title="Delivery">
      {error ? (
        <Problem error={error} />
      ) : (
        <Panel>
          <SkeletonRows rows={10} />
        </Panel>
      )}
    </Page>
  );
}
