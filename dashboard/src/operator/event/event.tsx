import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import type { Event } from '../../../../sdk/typescript/src/models.ts';
import { Problem } from '../../api/problem.tsx';
import { useMayChange } from '../../api/session.ts';
import css from '../../delivery/delivery.module.css';
import { DeliveryState, Handled } from '../../delivery/delivery-state.tsx';
import { Timeline } from '../../delivery/timeline/timeline.tsx';
import { Button } from '../../kit/buttons/button.tsx';
import { CopyButton } from '../../kit/buttons/copy.tsx';
import { Facts, Page, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import { State, StateOf } from '../../kit/status/state.tsx';
import { bytes } from '../../kit/text/bytes.ts';
import { Moment } from '../../kit/time/moment.tsx';
import { duration } from '../../kit/time/time.ts';
import { stateOfEvent } from '../events/event-summary-state.ts';
import { AttemptOfEvent } from './attempt-of-event.tsx';
import { DeliverTo } from './deliver-to.tsx';
import { DeliveryPanel } from './delivery-panel.tsx';
import { EventBody } from './event-body.tsx';
import { ManyDeliveries } from './many-deliveries.tsx';
import { Unrouted } from './unrouted.tsx';
import { useEvent } from './use-event.ts';

/** What happened to an event, attempt by attempt. */
export function EventScreen() {
  const { project, event: id } = useParams({ from: '/frame/p/$project/events/$event' });
  const search = useSearch({ from: '/frame/p/$project/events/$event' });
  const navigate = useNavigate();
  const mayChange = useMayChange();
  const [isAdding, setAdding] = useState(false);
  const { event: query, lanes, selected, isPending, refresh } = useEvent(project, id, search.delivery);
  const event = query.data;

  if (query.error && !event) {
    return (
      <Page title="Event">
        <Problem error={query.error} />
      </Page>
    );
  }
  if (!event || isPending) {
    return (
      <Page title={event?.type ?? 'Event'}>
        <Panel>
          <SkeletonRows rows={24} />
        </Panel>
      </Page>
    );
  }
  const attempt =
    selected?.attempts.find(({ number }) => String(number) === search.attempt) ?? selected?.attempts.at(-1);
  const choose = (delivery: string, number?: number): void =>
    void navigate({
      to: '.',
      search: (old) => ({
        ...old,
        delivery,
        attempt: number === undefined ? undefined : String(number),
        with: undefined,
      }),
      resetScroll: false,
    });

  return (
    <Page
      title={event.type}
      aside={<EventState event={event} />}
      actions={
        mayChange && (
          <Button icon="plus" onClick={() => setAdding(true)}>
            {event.deliveryCount === 0 ? 'Send to an endpoint' : 'Send to another endpoint'}
          </Button>
        )
      }
    >
      <Head project={project} event={event} profile={selected?.details?.profile} />
      {event.deliveryCount === 0 ? (
        <Unrouted project={project} event={event} onDone={refresh} />
      ) : (
        <Panel
          title={event.deliveryCount === 1 ? 'Timeline' : `Timeline of ${event.deliveryCount} deliveries`}
          aside={
            event.deliveryCount > lanes.length && (
              <span className={css.note}>{lanes.length} are drawn, all are listed below</span>
            )
          }
        >
          <Timeline
            event={event}
            lanes={lanes}
            selected={selected?.delivery.id}
            attempt={attempt?.number}
            onChoose={choose}
          />
        </Panel>
      )}
      {selected && (
        <Panel title="Delivery" aside={<DeliveryState delivery={selected.delivery} />}>
          <DeliveryPanel project={project} event={event} lane={selected} onChange={refresh} />
          {attempt && <AttemptOfEvent project={project} event={event} lane={selected} attempt={attempt} />}
        </Panel>
      )}
      {event.deliveryCount > lanes.length && <ManyDeliveries project={project} event={event} />}
      <EventBody event={event} />
      {isAdding && (
        <DeliverTo project={project} event={event} onClose={() => setAdding(false)} onDone={refresh} />
      )}
    </Page>
  );
}

function EventState({ event }: { event: Event }) {
  const state = stateOfEvent(event);
  return (
    <>
      {state === 'resent' || state === 'dismissed' ? <Handled as={state} /> : <StateOf status={state} />}
      {event.test && (
        <State tone="info" icon="activity">
          test
        </State>
      )}
    </>
  );
}

type HeadProps = {
  project: string;
  event: Event;
  profile: { name: string; version: number } | undefined;
};

function Head({ project, event, profile }: HeadProps) {
  const settled = event.deliveries.map(({ settledAt }) => settledAt);
  const last = settled.every((at) => at !== null) ? settled.toSorted().at(-1) : undefined;
  const attributes = Object.entries(event.attributes);
  return (
    <div className={css.head}>
      <Facts
        items={[
          [
            'Id',
            <span key="id" className={css.id}>
              <code>{event.id}</code>
              <CopyButton text={event.id} what="the id" />
            </span>,
          ],
          [
            'Consumer',
            event.consumer === null ? (
              'none'
            ) : (
              <Link
                key="consumer"
                to="/p/$project/events"
                params={{ project }}
                search={{ consumer: event.consumer }}
              >
                {event.consumer}
              </Link>
            ),
          ],
          ['Accepted', <Moment key="at" at={event.createdAt} />],
          ...(last
            ? ([['Settled after', duration(Date.parse(last) - Date.parse(event.createdAt))]] as [
                string,
                string,
              ][])
            : []),
          ...(event.expiresAt
            ? ([['Expires', <Moment key="expires" at={event.expiresAt} />]] as [string, React.ReactNode][])
            : []),
          ...(profile ? ([['Profile', `${profile.name} v${profile.version}`]] as [string, string][]) : []),
          ['Sequence', String(event.sequence)],
          ...(event.body === null
            ? []
            : ([['Body', bytes(new TextEncoder().encode(event.body).length)]] as [string, string][])),
        ]}
      />
      {attributes.length > 0 && (
        <Facts items={attributes.map(([name, value]) => [name, <code key={name}>{value}</code>])} />
      )}
    </div>
  );
}
