import { counted } from '../kit/text/counted.ts';
import css from './sparkline.module.css';

type SparklineProps = {
  attempts: number[];
  /** Those of the attempts that failed. */
  failed: number[];
  /** What is read out: the figures stand beside it, or in it. */
  label: string;
};

const BAR = 4;
const UP = 17;
const DOWN = 9;

/** What a sparkline comes to. */
export const attemptsText = ({ attempts, failed }: { attempts: number; failed: number }): string =>
  `${counted(attempts, 'attempt')}, ${failed.toLocaleString()} failed`;

/** Attempts over time: delivered ones stand on the line, failed ones hang below it. Both have the same scale. */
export function Sparkline({ attempts, failed, label }: SparklineProps) {
  const delivered = attempts.map((all, index) => all - (failed[index] ?? 0));
  const perPixel = Math.max(1e-9, ...delivered.map((n) => n / UP), ...failed.map((n) => n / DOWN));
  // One of a million is seen, too.
  const height = (n: number): number => (n === 0 ? 0 : Math.max(1.5, n / perPixel));
  return (
    <svg
      className={css.sparkline}
      width={attempts.length * BAR}
      height={UP + DOWN}
      role="img"
      aria-label={label}
    >
      <title>{label}</title>
      {delivered.map((good, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a point has no other name
        <g key={index} transform={`translate(${index * BAR} 0)`}>
          {good > 0 && (
            <rect className={css.good} width={BAR - 1} y={UP - height(good)} height={height(good)} />
          )}
          {(failed[index] ?? 0) > 0 && (
            <rect className={css.bad} width={BAR - 1} y={UP + 1} height={height(failed[index]!)} />
          )}
        </g>
      ))}
      <line className={css.line} x1={0} x2={attempts.length * BAR} y1={UP + 0.5} y2={UP + 0.5} />
    </svg>
  );
}
