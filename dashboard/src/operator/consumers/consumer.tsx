import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import type { Consumer } from '../../../../sdk/typescript/src/models.ts';
import { consumerQuery, consumerTimelineQuery } from '../../api/consumer-queries.ts';
import { Problem } from '../../api/problem.tsx';
import { deliveriesQuery } from '../../api/queries.ts';
import { useMayChange } from '../../api/session.ts';
import { TimeChart } from '../../charts/time-chart.tsx';
import { Button } from '../../kit/buttons/button.tsx';
import { Facts, Nothing, Page, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import { Moment } from '../../kit/time/moment.tsx';
import { keepRange } from '../../kit/time/time-range.ts';
import { trafficOf } from '../../statistics/timeline-series.ts';
import { DeliveryTable } from '../deliveries/delivery-table.tsx';
import { defaultRange } from '../frame/range/range-picker.tsx';
import { useZoom } from '../frame/range/use-zoom.ts';
import { ConsumerEndpoints } from './consumer-endpoints.tsx';
import { ConsumerKeys } from './consumer-keys.tsx';
import { ConsumerSessions } from './consumer-sessions.tsx';
import css from './consumers.module.css';
import { EditConsumer } from './edit-consumer.tsx';
import { OpenPortal } from './open-portal.tsx';
import { PortalLink } from './portal-link.tsx';

const REFETCH_MS = 15_000;
const LATEST = 5;

/** How one customer sees us. */
export function ConsumerScreen() {
  const { project, consumer: id } = useParams({ from: '/frame/p/$project/consumers/$consumer' });
  const search = useSearch({ from: '/frame/p/$project/consumers/$consumer' });
  const mayChange = useMayChange();
  const query = useQuery(consumerQuery(project, id));
  const range = { range: keepRange(search), fallback: defaultRange() };
  const timeline = useQuery({
    ...consumerTimelineQuery(project, id, range),
    refetchInterval: REFETCH_MS,
    placeholderData: (old) => old,
  });
  const zoom = useZoom();
  const consumer = query.data;
  if (query.error && !consumer) {
    return (
      <Page title={id}>
        <Problem error={query.error} />
      </Page>
    );
  }
  return (
    <Page
      title={consumer?.name ?? id}
      actions={mayChange && consumer && <Actions project={project} consumer={consumer} />}
    >
      <Facts
        items={[
          ['Id', <code key="id">{id}</code>],
          ['Plan', consumer?.plan ?? (consumer ? 'none' : '…')],
          ['Added', consumer ? <Moment key="at" at={consumer.createdAt} /> : '…'],
        ]}
      />
      <TimeChart
        kind="bars"
        title="Accepted and attempts"
        data={timeline.data && trafficOf(timeline.data)}
        onZoom={zoom}
      />
      <ConsumerEndpoints project={project} consumer={id} />
      <div className={css.columns}>
        <ConsumerKeys project={project} consumer={id} />
        <ConsumerSessions project={project} consumer={id} />
      </div>
      {/* Last, because nobody knows before how many there are: nothing below it moves. */}
      <Latest project={project} consumer={id} />
    </Page>
  );
}

function Actions({ project, consumer }: { project: string; consumer: Consumer }) {
  const [shown, setShown] = useState<'edit' | 'open' | 'link'>();
  const queryClient = useQueryClient();
  const close = (): void => {
    setShown(undefined);
    void queryClient.invalidateQueries({ queryKey: [project, 'consumer-sessions'] });
  };
  const { id } = consumer;
  return (
    <>
      <Button kind="primary" icon="external-link" onClick={() => setShown('open')}>
        Open portal as this customer
      </Button>
      <Button icon="link" onClick={() => setShown('link')}>
        Make a portal link
      </Button>
      <Button icon="settings-2" onClick={() => setShown('edit')}>
        Name and plan
      </Button>
      {shown === 'edit' && <EditConsumer project={project} consumer={consumer} onClose={close} />}
      {shown === 'open' && <OpenPortal project={project} consumer={id} onClose={close} />}
      {shown === 'link' && <PortalLink project={project} consumer={id} onClose={close} />}
    </>
  );
}

function Latest({ project, consumer }: { project: string; consumer: string }) {
  const latest = useInfiniteQuery({
    ...deliveriesQuery(project, { consumer, limit: LATEST }),
    refetchInterval: REFETCH_MS,
  });
  const deliveries = latest.data?.pages[0]?.items ?? [];
  return (
    <Panel
      title="Latest deliveries"
      aside={
        <Link to="/p/$project/deliveries" params={{ project }} search={{ consumer }}>
          All deliveries
        </Link>
      }
    >
      {latest.error && <Problem error={latest.error} />}
      {latest.isPending && <SkeletonRows rows={LATEST} />}
      {latest.data && deliveries.length === 0 && <Nothing>Nothing was sent yet.</Nothing>}
      {deliveries.length > 0 && <DeliveryTable project={project} deliveries={deliveries} />}
    </Panel>
  );
}
