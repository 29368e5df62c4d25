import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { useState } from 'react';
import type { Event, Signing } from '../../../../sdk/typescript/src/models.ts';
import { signingQuery } from '../../api/catalogue-queries.ts';
import { useMay } from '../../api/session.ts';
import { AttemptPanel } from '../../delivery/attempt/attempt-panel.tsx';
import css from '../../delivery/delivery.module.css';
import { DeliveryState } from '../../delivery/delivery-state.tsx';
import { type Lane, urlOf } from '../../delivery/lane.ts';
import { PolicySteps } from '../../delivery/policy-steps.tsx';
import { Resend } from '../../delivery/resend.tsx';
import { Timeline } from '../../delivery/timeline/timeline.tsx';
import { type BodyForm, BodyView } from '../../json-view/body-view.tsx';
import { CopyButton } from '../../kit/buttons/copy.tsx';
import { Page, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import { State } from '../../kit/status/state.tsx';
import { bytes } from '../../kit/text/bytes.ts';
import { Moment } from '../../kit/time/moment.tsx';
import { project } from '../address.ts';
import { LoadProblem } from '../frame/load-problem.tsx';
import { customerCause, customerWaiting, LANE_WORDS, STATE_WORDS } from '../words.ts';
import { Advice } from './advice.tsx';
import { supportText } from './support-text.ts';
import { useDelivery } from './use-delivery.ts';

/** Why an event did not come, attempt by attempt. */
export function DeliveryScreen() {
  const { delivery: id } = useParams({ from: '/deliveries/$delivery' });
  const { lane, event, error, refresh } = useDelivery(id);
  const signing = useQuery(signingQuery(project));
  if (!lane || !event || signing.isPending) {
    return (
      <Page title="Delivery">
        {error ? (
          <LoadProblem error={error} what="delivery" to="/deliveries" />
        ) : (
          <Panel>
            <SkeletonRows rows={10} />
          </Panel>
        )}
      </Page>
    );
  }
  return (
    <Page
      title={event.type}
      aside={
        <>
          <DeliveryState delivery={lane.delivery} words={STATE_WORDS} />
          {event.test && (
            <State tone="info" icon="activity">
              test
            </State>
          )}
        </>
      }
      actions={
        <CopyButton
          text={supportText(event, lane)}
          what="what support needs, without the data of the event"
          label="Copy for support"
        />
      }
    >
      <Loaded lane={lane} event={event} refresh={refresh} />
    </Page>
  );
}

function Loaded({ lane, event, refresh }: { lane: Lane; event: Event; refresh: () => void }) {
  const search = useSearch({ from: '/deliveries/$delivery' });
  const navigate = useNavigate();
  const { data: signing } = useQuery(signingQuery(project));
  const { attempts, delivery, details } = lane;
  const attempt = attempts.find(({ number }) => String(number) === search.attempt) ?? attempts.at(-1);
  const choose = (changes: { attempt?: string; with?: string | undefined }): void =>
    void navigate({
      to: '/deliveries/$delivery',
      params: { delivery: delivery.id },
      search: (old) => ({ ...old, ...changes }),
      resetScroll: false,
    });
  return (
    <>
      <Panel title="Timeline">
        <Timeline
          event={event}
          lanes={[lane]}
          selected={delivery.id}
          attempt={attempt?.number}
          words={LANE_WORDS}
          onChoose={(_id, number) =>
            choose({ ...(number !== undefined && { attempt: String(number) }), with: undefined })
          }
        />
      </Panel>
      <Panel title="Delivery">
        <Head lane={lane} event={event} refresh={refresh} />
        {attempt && (
          <AttemptPanel
            event={event}
            lane={lane}
            attempt={attempt}
            other={attempts.find(({ number }) => String(number) === search.with && number !== attempt.number)}
            onCompare={(number) => choose({ with: number })}
            // The messages of errors are written for operators, and name the product.
            cause={`${customerCause(attempt)}.`}
            advice={<Advice lane={lane} event={event} attempt={attempt} />}
            // The way to sign of today: it may have been another one then.
            signed={isOf(signing, details?.profile) ? signing : undefined}
            link={`${location.origin}${location.pathname}?attempt=${attempt.number}`}
          />
        )}
      </Panel>
      <Body event={event} />
    </>
  );
}

const isOf = (
  signing: Signing | undefined,
  profile: { name: string; version: number } | undefined,
): boolean => signing?.profile === profile?.name && signing?.version === profile?.version;

function Head({ lane, event, refresh }: { lane: Lane; event: Event; refresh: () => void }) {
  const { delivery, details, endpoint } = lane;
  const navigate = useNavigate();
  const mayRetry = useMay('retry');
  return (
    <div className={css.delivery}>
      <div className={css.line}>
        <p className={css.sentence}>
          <Sentence lane={lane} />
        </p>
        {mayRetry && (
          <Resend
            project={project}
            delivery={delivery}
            receiver="Your server"
            onChange={refresh}
            onResent={(id) => navigate({ to: '/deliveries/$delivery', params: { delivery: id } })}
          />
        )}
      </div>
      <dl className={css.pairs}>
        <dt>Endpoint</dt>
        <dd>
          {endpoint ? (
            <Link to="/endpoints/$endpoint" params={{ endpoint: endpoint.id }}>
              {endpoint.url}
            </Link>
          ) : (
            urlOf(event, lane)
          )}
        </dd>
        <dt>Event</dt>
        <dd className={css.id}>
          <code>{event.id}</code>
          <CopyButton text={event.id} what="the id of the event" />
        </dd>
        <dt>Created</dt>
        <dd>
          <Moment at={delivery.createdAt} />
        </dd>
        {details && (
          <>
            <dt>Attempts</dt>
            <dd>
              <PolicySteps details={details} />
            </dd>
          </>
        )}
      </dl>
      <Related delivery={delivery} />
    </div>
  );
}

/** What became of it, for the owner of the server. */
function Sentence({ lane: { delivery, attempts } }: { lane: Lane }) {
  const last = attempts.at(-1);
  const tries = delivery.attempts === 1 ? 'one attempt' : `${delivery.attempts} attempts`;
  if (delivery.status === 'delivered') return `Delivered after ${tries}.`;
  if (delivery.status === 'cancelled') return `Cancelled after ${tries}.`;
  if (delivery.status === 'undeliverable')
    return (
      <>
        Given up after {tries}. {last && `${customerCause(last)}.`}
      </>
    );
  const next = delivery.nextAttemptAt;
  return (
    <>
      {last && last.outcome !== 'delivered' && `${customerCause(last)}. `}
      {next !== null && Date.parse(next) > Date.now() ? (
        <>
          It is sent again <Moment at={next} />.
        </>
      ) : (
        `${customerWaiting(delivery.waitingFor)}.`
      )}
    </>
  );
}

function Related({ delivery: { replayOf, replayedBy } }: { delivery: Lane['delivery'] }) {
  const link = (id: string, text: string) => (
    <Link to="/deliveries/$delivery" params={{ delivery: id }}>
      {text}
    </Link>
  );
  if (!replayOf && !replayedBy) return null;
  return (
    <p className={css.note}>
      {replayOf && <>It repeats {link(replayOf, 'an earlier delivery')}. </>}
      {replayedBy && <>It was sent again as {link(replayedBy, 'another delivery')}.</>}
    </p>
  );
}

/** The body as it was sent, byte for byte. */
function Body({ event }: { event: Event }) {
  const [form, setForm] = useState<BodyForm>('pretty');
  if (event.body !== null) {
    return <BodyView text={event.body} label="Request body" form={form} onForm={setForm} />;
  }
  return (
    <Panel title="Request body">
      <p className={css.removed}>
        {event.bytes === undefined
          ? 'The body is no longer kept.'
          : `${bytes(event.bytes)}. This session does not show bodies.`}
      </p>
    </Panel>
  );
}
