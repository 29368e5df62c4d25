import type { Recovery, RecoveryPreview } from '../../../../sdk/typescript/src/models.ts';
import type { Line } from '../output/lines.ts';
import { formatSpan, formatTime } from '../output/times.ts';

const DEFAULT_RATE = 50;
const BAR_WIDTH = 24;

const count = (value: number): string => value.toLocaleString('en-US');

/** What a recovery would send, and how long that takes. */
export function describePreview(
  { matches, capped, oldestAt, endpoints }: RecoveryPreview,
  noun: 'delivery' | 'event',
  rate = DEFAULT_RATE,
): string {
  const oldest = oldestAt === null ? '' : `, the oldest of ${formatTime(oldestAt)}`;
  const plural = noun === 'delivery' ? 'deliveries' : 'events';
  const targets = `${endpoints} ${endpoints === 1 ? 'endpoint' : 'endpoints'}`;
  const duration = formatSpan(Math.ceil(matches / rate) * 1_000);
  return `${capped ? 'At least ' : ''}${count(matches)} ${matches === 1 ? noun : plural} to ${targets}${oldest}; at ${rate} a second about ${duration}.`;
}

/** A bar with figures. Without a total, the recovery is still being counted. */
export function progressLine({
  status,
  total,
  done,
  skipped,
  delivered,
  undeliverable,
  open,
}: Recovery): Line {
  const share = total ? Math.min(1, (done + skipped) / total) : status === 'done' ? 1 : 0;
  const filled = Math.round(share * BAR_WIDTH);
  const parts = [
    `${count(done)} of ${total === null ? '…' : count(total)} sent`,
    `${count(delivered)} delivered`,
    open > 0 ? `${count(open)} open` : '',
    undeliverable > 0 ? `${count(undeliverable)} undeliverable` : '',
    skipped > 0 ? `${count(skipped)} skipped` : '',
    status === 'running' || status === 'done' ? '' : status,
  ];
  const bar = '█'.repeat(filled) + '░'.repeat(BAR_WIDTH - filled);
  return [{ text: bar, tone: 'good' }, `  ${parts.filter((part) => part !== '').join(' · ')}`];
}
