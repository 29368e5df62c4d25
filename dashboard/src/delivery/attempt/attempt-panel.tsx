import { Fragment, type ReactNode, useState } from 'react';
import type { Attempt, Event } from '../../../../sdk/typescript/src/models.ts';
import { type BodyForm, BodyView } from '../../json-view/body-view.tsx';
import { CopyButton } from '../../kit/buttons/copy.tsx';
import { bytes } from '../../kit/text/bytes.ts';
import { Moment } from '../../kit/time/moment.tsx';
import { duration } from '../../kit/time/time.ts';
import { causeOf } from '../causes.ts';
import css from '../delivery.module.css';
import type { Lane } from '../lane.ts';
import { Compare } from './compare.tsx';
import { curlOf } from './curl.ts';
import { HeaderList } from './header-list.tsx';
import { type Signed, signatureWords } from './signature-words.ts';
import { STATUS_TEXTS } from './status-texts.ts';

type AttemptPanelProps = {
  event: Event;
  lane: Lane;
  attempt: Attempt;
  /** Compared with it. */
  other: Attempt | undefined;
  onCompare: (number: string) => void;
  /** What went wrong, in place of the message of the error. */
  cause?: string;
  /** What to do about a failure. */
  advice: ReactNode;
  /** How the request was signed; undefined if it is not known. */
  signed: Signed | undefined;
  /** The address of this attempt. */
  link: string;
  /** Links to the recovery that sent the delivery. */
  recovery?: (id: string) => ReactNode;
};

const TRIGGERS: Record<Attempt['trigger'], string> = {
  schedule: '',
  manual: 'asked for by hand',
  rerun: 'repeated because its result was lost',
};

/** Why the attempt was made, if the schedule did not ask for it. Of a recovery's delivery, the first is asked for by the recovery. */
function triggerOf(
  { delivery }: Lane,
  { trigger, number }: Attempt,
  link: AttemptPanelProps['recovery'],
): ReactNode {
  if (trigger !== 'manual' || delivery.recovery === null || number !== 1) return TRIGGERS[trigger];
  return <>sent by {link ? link(delivery.recovery) : 'a recovery'}</>;
}

/** What was sent and what came back. */
export function AttemptPanel(props: AttemptPanelProps) {
  const { event, lane, attempt, other, onCompare, cause, advice, signed, link, recovery } = props;
  const { attempts, details } = lane;
  const total = details ? details.policy.delays.length + 1 : 0;
  const notes = [
    triggerOf(lane, attempt, recovery),
    attempt.resent ? 'sent twice: a kept connection was closed, or an access token refused' : '',
  ].filter((note) => note !== '');
  const curl = curlOf({
    url: attempt.request?.url ?? lane.endpoint?.url ?? event.target?.url ?? '',
    headers: attempt.request?.headers ?? null,
    body: event.body,
  });
  const timeout = details?.policy.timeout;
  return (
    <section className={css.attempt} aria-label={`Attempt ${attempt.number}`}>
      <div className={css.line}>
        <h3>
          Attempt {attempt.number}
          {attempt.number <= total && ` of ${total}`} ·{' '}
          {causeOf({ ...attempt, ...(timeout !== undefined && { timeoutSeconds: timeout }) })}
          {attempt.outcome !== 'timeout' && ` after ${duration(attempt.durationMs)}`}
        </h3>
        <p className={css.note}>
          <Moment at={attempt.startedAt} />
          {notes.map((note, index) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a note has no other name
            <Fragment key={index}> · {note}</Fragment>
          ))}
        </p>
        <div className={css.actions}>
          {attempts.length > 1 && (
            <select
              className={css.select}
              aria-label="Compare with"
              value={other ? String(other.number) : ''}
              onChange={(change) => onCompare(change.target.value)}
            >
              <option value="">Compare with …</option>
              {attempts
                .filter(({ number }) => number !== attempt.number)
                .map(({ number }) => (
                  <option key={number} value={number}>
                    Attempt {number}
                  </option>
                ))}
            </select>
          )}
          {event.body !== null && (
            <CopyButton text={curl} what="the request as a curl command" label="Copy as curl" />
          )}
          <CopyButton text={link} what="a link to this attempt" label="Copy link" />
        </div>
      </div>
      {attempt.outcome !== 'delivered' && (
        <div className={css.failure}>
          {attempt.error && (
            <p>
              <code>{attempt.error.code}</code> {cause ?? attempt.error.message}
            </p>
          )}
          {advice && <p>{advice}</p>}
        </div>
      )}
      {other ? (
        <Compare left={other} right={attempt} />
      ) : (
        <div className={css.exchange}>
          <Request attempt={attempt} signed={signed} />
          <Response attempt={attempt} />
        </div>
      )}
    </section>
  );
}

function Request({ attempt, signed }: { attempt: Attempt; signed: Signed | undefined }) {
  return (
    <section className={css.side} aria-label="Request">
      <h4>Request</h4>
      <p className={css.startLine}>
        <strong>POST</strong> {attempt.request?.url ?? 'not stored'}
      </p>
      <HeaderList headers={attempt.request?.headers ?? null} />
      {signed && <p className={css.note}>Signed: {signatureWords(signed)}</p>}
    </section>
  );
}

function Response({ attempt }: { attempt: Attempt }) {
  const [form, setForm] = useState<BodyForm>('pretty');
  const { response, statusCode } = attempt;
  return (
    <section className={css.side} aria-label="Response">
      <h4>Response</h4>
      <p className={css.startLine}>
        {statusCode === null ? (
          'none'
        ) : (
          <>
            <strong>{statusCode}</strong> {STATUS_TEXTS[statusCode]}
          </>
        )}
      </p>
      {response && <HeaderList headers={response.headers} />}
      {response?.body && <BodyView text={response.body} label="Response body" form={form} onForm={setForm} />}
      {response?.bytes !== undefined && (
        <p className={css.note}>{bytes(response.bytes)}. This session does not show bodies.</p>
      )}
      {response && response.body === '' && <p className={css.note}>No body.</p>}
      {response?.truncated && <p className={css.note}>Only its beginning was kept.</p>}
    </section>
  );
}
