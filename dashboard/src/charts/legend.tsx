import css from './chart.module.css';
import type { Series } from './series.ts';

/** Names each series, with its colour and the way its line is drawn. */
export function Legend({ series }: { series: Series[] }) {
  return (
    <ul className={css.legend}>
      {series.map(({ name, color, shape }) => (
        <li key={name}>
          <svg width={18} height={10} aria-hidden="true">
            {shape === 'bar' ? (
              <rect
                className={css.bar}
                style={{ fill: `var(--${color})` }}
                x={4}
                width={10}
                height={10}
                rx={2}
              />
            ) : (
              <line
                className={`${css.line} ${css[shape]}`}
                style={{ stroke: `var(--${color})` }}
                x1={1}
                x2={17}
                y1={5}
                y2={5}
              />
            )}
          </svg>
          {name}
        </li>
      ))}
    </ul>
  );
}
