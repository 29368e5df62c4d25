import type { Attempt, Event } from '../../../../sdk/typescript/src/models.ts';
import { Icon } from '../../kit/icons/icon.tsx';
import type { IconName } from '../../kit/icons/icon-names.ts';
import tones from '../../kit/status/tone.module.css';
import { counted } from '../../kit/text/counted.ts';
import { shortUrl } from '../../kit/text/short-url.ts';
import { countdown, duration } from '../../kit/time/time.ts';
import { causeOf, waitingText } from '../causes.ts';
import { isOpen, type Lane, type LaneWords, urlOf } from '../lane.ts';
import { type Axis, spreadMarks } from './lane-axis.ts';
import css from './timeline.module.css';

type Outcome = Attempt['outcome'];

const MARK_GAP = 70;
/** An attempt that is seen beyond its mark is drawn as long as it took. */
const SEEN = MARK_GAP / 2 + 8;
/** The room for how long it waited. */
const WAIT_ROOM = 48;
const PLANNED_HALF = 6;

/** An icon or a word, and a colour: none of the outcomes is told by its colour alone. */
const MARKS: Record<Outcome, { tone: string; icon?: IconName; word?: string }> = {
  delivered: { icon: 'check', tone: 'good' },
  rejected: { icon: 'x', tone: 'bad' },
  timeout: { word: 'timeout', tone: 'bad' },
  connection_failed: { word: 'network', tone: 'bad' },
  dns_failed: { icon: 'unplug', word: 'DNS', tone: 'bad' },
  tls_failed: { icon: 'shield-x', word: 'TLS', tone: 'bad' },
  invalid_response: { word: 'invalid', tone: 'bad' },
  token_failed: { word: 'token', tone: 'bad' },
  blocked: { word: 'blocked', tone: 'bad' },
  unknown: { icon: 'circle-question-mark', tone: 'idle' },
};

const OPERATOR_WORDS: LaneWords = { undeliverable: 'undeliverable', waiting: waitingText };

type LaneRowProps = {
  event: Event;
  lane: Lane;
  axis: Axis;
  width: number;
  now: number;
  isSelected: boolean;
  attempt: number | undefined;
  words?: LaneWords | undefined;
  onChoose: (delivery: string, attempt?: number) => void;
};

export function LaneRow(props: LaneRowProps) {
  const { event, lane, axis, width, now, isSelected, attempt, words = OPERATOR_WORDS, onChoose } = props;
  const { delivery, attempts, details } = lane;
  const planned = details?.plannedAttempts ?? [];
  const times = [
    ...attempts.map(({ startedAt }) => Date.parse(startedAt)),
    // What is due already is planned for now.
    ...planned.map(({ at }) => Math.max(now, Date.parse(at))),
  ];
  const inner = Math.max(1, width - MARK_GAP);
  const places = spreadMarks(
    times.map((ms) => axis.position(ms) * inner),
    Math.min(MARK_GAP, inner / Math.max(1, times.length - 1)),
    inner,
  ).map((left) => left + MARK_GAP / 2);
  const halfOf = (index: number): number => (index < attempts.length ? MARK_GAP / 2 : PLANNED_HALF);
  const lastMade = places[attempts.length - 1] ?? 0;
  // Marks that were moved apart may lie beyond it: what was made is never ahead.
  const nowAt = Math.max(
    axis.position(now) * inner + MARK_GAP / 2,
    attempts.length > 0 ? lastMade + MARK_GAP / 2 : 0,
  );
  return (
    <li className={css.lane} data-selected={isSelected}>
      <button
        type="button"
        className={css.name}
        aria-pressed={isSelected}
        title={urlOf(event, lane)}
        onClick={() => onChoose(delivery.id)}
      >
        <span className={css.url}>{shortUrl(urlOf(event, lane))}</span>
        {delivery.replayOf && <span className={css.note}>resend</span>}
      </button>
      <div className={css.track}>
        <span
          className={css.passed}
          style={{ width: isOpen(delivery) ? Math.max(nowAt, lastMade) : lastMade }}
        />
        {planned.length > 0 && (
          <span
            className={css.ahead}
            style={{ left: Math.max(nowAt, lastMade), width: Math.max(0, (places.at(-1) ?? 0) - nowAt) }}
          />
        )}
        {isOpen(delivery) && <span className={css.now} style={{ left: nowAt }} />}
        {places.slice(1).map((place, index) => {
          const from = places[index]! + halfOf(index);
          const to = place - halfOf(index + 1);
          return (
            to - from >= WAIT_ROOM && (
              <span
                // biome-ignore lint/suspicious/noArrayIndexKey: a wait has no other name
                key={index}
                className={css.wait}
                style={{ left: (from + to) / 2 }}
              >
                {duration(Math.max(0, times[index + 1]! - times[index]!))}
              </span>
            )
          );
        })}
        {attempts.map(({ number, outcome, startedAt, durationMs }, index) => {
          const started = Date.parse(startedAt);
          const took = (axis.position(started + durationMs) - axis.position(started)) * inner;
          return (
            took >= SEEN && (
              <span
                key={`took ${number}`}
                className={`${css.took} ${tones[MARKS[outcome].tone]}`}
                style={{ left: places[index], width: took }}
              />
            )
          );
        })}
        {attempts.map((made, index) => (
          <Mark
            key={made.number}
            attempt={made}
            left={places[index] ?? 0}
            isSelected={made.number === attempt}
            onChoose={() => onChoose(delivery.id, made.number)}
          />
        ))}
        {planned.map(({ step, at }, index) => (
          <span
            key={step}
            className={css.planned}
            style={{ left: places[attempts.length + index] }}
            title={`Planned attempt, not before ${new Date(at).toLocaleString()}`}
          />
        ))}
      </div>
      <LaneState lane={lane} now={now} words={words} />
    </li>
  );
}

type MarkProps = { attempt: Attempt; left: number; isSelected: boolean; onChoose: () => void };

function Mark({ attempt, left, isSelected, onChoose }: MarkProps) {
  const { icon, word, tone } = MARKS[attempt.outcome];
  const text = `Attempt ${attempt.number}: ${causeOf(attempt)} after ${duration(attempt.durationMs)}`;
  return (
    <button
      type="button"
      className={`${css.mark} ${tones[tone]}`}
      style={{ left }}
      aria-pressed={isSelected}
      aria-label={text}
      title={text}
      onClick={onChoose}
    >
      {icon && <Icon name={icon} size={12} />}
      <span>{attempt.statusCode ?? word}</span>
    </button>
  );
}

type LaneStateProps = { lane: Lane; now: number; words: LaneWords };

function LaneState({ lane: { delivery, attempts, details }, now, words }: LaneStateProps) {
  const total = details ? details.policy.delays.length + 1 : undefined;
  const last = attempts.at(-1);
  if (delivery.status === 'delivered' && last) {
    return (
      <p className={`${css.state} ${css.goodText}`}>
        delivered in {duration(last.durationMs)}
        {attempts.length > 1 && ` on attempt ${attempts.length}`}
      </p>
    );
  }
  if (delivery.status === 'undeliverable')
    return (
      <p className={`${css.state} ${delivery.replayedBy === null ? css.badText : ''}`}>
        {words.undeliverable}, {counted(delivery.attempts, 'attempt')}
        {delivery.replayedBy !== null && ', resent'}
      </p>
    );
  if (delivery.status === 'cancelled') return <p className={css.state}>cancelled</p>;
  const next = delivery.nextAttemptAt === null ? undefined : Date.parse(delivery.nextAttemptAt);
  if (delivery.waitingFor === 'schedule' && next !== undefined) {
    return (
      <p className={css.state}>
        {next > now ? 'next attempt in ' : 'next attempt is due'}
        {next > now && <strong className={css.countdown}>{countdown(next - now)}</strong>}
        {total !== undefined && delivery.attempts < total && ` (${delivery.attempts + 1} of ${total})`}
      </p>
    );
  }
  return <p className={css.state}>{words.waiting(delivery.waitingFor) ?? 'an attempt is under way'}</p>;
}
