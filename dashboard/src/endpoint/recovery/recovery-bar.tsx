import type { Recovery } from '../../../../sdk/typescript/src/models.ts';
import { counted } from '../../kit/text/counted.ts';
import { shortUrl } from '../../kit/text/short-url.ts';
import css from './recovery-bar.module.css';

/** The bar of a recovery: delivered, failed again, and under way, of all. */
export function RecoveryBar({ recovery }: { recovery: Recovery }) {
  const { total, done, skipped, delivered, undeliverable } = recovery;
  if (total === null) return <p className={css.note}>Counting …</p>;
  const share = (n: number): string => `${total === 0 ? 0 : Math.min(100, (n / total) * 100)}%`;
  const text = [
    `${(done + skipped).toLocaleString()} of ${total.toLocaleString()} sent`,
    ...(delivered > 0 ? [`${delivered.toLocaleString()} delivered`] : []),
    ...(undeliverable > 0 ? [`${undeliverable.toLocaleString()} failed again`] : []),
  ].join(', ');
  return (
    <div className={css.progress}>
      <div
        className={css.bar}
        role="progressbar"
        aria-label="Progress"
        aria-valuemin={0}
        aria-valuemax={Math.max(1, total)}
        aria-valuenow={Math.min(total, done + skipped)}
        aria-valuetext={text}
      >
        <span className={css.delivered} style={{ width: share(delivered) }} />
        <span className={css.failed} style={{ width: share(undeliverable) }} />
        <span className={css.sent} style={{ width: share(Math.max(0, done - delivered - undeliverable)) }} />
      </div>
      <span className={css.note}>{text}</span>
    </div>
  );
}

/** What it sends, in words. */
export function filterText(filter: Recovery['filter'], urls: Map<string, string>): string {
  if (filter.deliveries !== null) return counted(filter.deliveries, 'chosen delivery', 'chosen deliveries');
  const parts = [filter.what === 'missing' ? 'what was missed' : 'what failed'];
  // A status says that the request was rejected.
  if (filter.outcome && !(filter.outcome === 'rejected' && filter.statusCode))
    parts.push(`with the outcome ${filter.outcome}`);
  if (filter.statusCode) parts.push(`with status ${filter.statusCode}`);
  if (filter.errorCode) parts.push(`with the error ${filter.errorCode}`);
  if (filter.type) parts.push(`of type ${filter.type}`);
  if (filter.consumer) parts.push(`of ${filter.consumer}`);
  if (filter.endpoint) parts.push(`at ${shortUrl(urls.get(filter.endpoint) ?? filter.endpoint)}`);
  return parts.join(' ');
}
