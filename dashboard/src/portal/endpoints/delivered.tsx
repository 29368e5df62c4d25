import type { EndpointFigures, EndpointStatistics } from '../../../../sdk/typescript/src/models.ts';
import table from '../../kit/lists/table.module.css';
import { shareOf, shareText } from '../../statistics/timeline-figures.ts';
import css from './endpoints.module.css';

const count = (n: number, one: string, many: string): string =>
  `${n.toLocaleString()} ${n === 1 ? one : many}`;

/** Of an endpoint, and until when they are complete. */
export type Figures = EndpointFigures & Pick<EndpointStatistics, 'settledUntil'>;

type DeliveredProps = { figures: Figures | undefined; lastFailureAt: string | null };

/**
 * How many deliveries of the time arrived, of those that ended: a request that failed and was sent again with success is no
 * loss. Below it, what was given up and how many requests failed.
 */
export function Delivered({ figures, lastFailureAt }: DeliveredProps) {
  if (!figures) return <span className={table.muted}>…</span>;
  const { attempts, failed, undeliverable } = figures.totals;
  const ended = attempts - failed + undeliverable;
  const share = shareOf(attempts - failed, undeliverable);
  const notes = [
    ...(undeliverable > 0 ? [`${undeliverable.toLocaleString()} given up`] : []),
    ...(failed > 0 ? [count(failed, 'failed request', 'failed requests')] : []),
  ].join(', ');
  if (ended === 0 && failed === 0) {
    const isBehind = lastFailureAt !== null && lastFailureAt > figures.settledUntil;
    return (
      <span className={`${table.muted} ${table.nowrap}`}>{isBehind ? 'being counted' : 'nothing sent'}</span>
    );
  }
  return (
    <div className={css.share}>
      {share === null ? (
        <span>none delivered yet</span>
      ) : (
        <>
          <span>
            <strong>{shareText(share)}</strong> of {ended.toLocaleString()} delivered
          </span>
          <span className={css.bar} aria-hidden="true">
            <span className={css.accepted} style={{ width: `${share * 100}%` }} />
          </span>
        </>
      )}
      {notes !== '' && <span className={table.muted}>{notes}</span>}
    </div>
  );
}
