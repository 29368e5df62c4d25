import css from './chart.module.css';
import { pointTime } from './point-time.ts';
import { type ChartData, isPartial } from './series.ts';

type AsTableProps = { title: string; data: ChartData; format: (value: number) => string; isUtc: boolean };

/** The values of a chart, the newest first. */
export function AsTable({ title, data, format, isUtc }: AsTableProps) {
  return (
    // It scrolls by itself, so it has to be reachable by keyboard.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: see above
    <section className={css.tableBox} tabIndex={0} aria-label={`${title} as table`}>
      <table className={css.table}>
        <thead>
          <tr>
            <th scope="col">Time</th>
            {data.series.map(({ name }) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {data.at
            .map((at, index) => (
              <tr key={at}>
                <th scope="row">
                  {pointTime(data, index, isUtc)}
                  {isPartial(data, index) && ' (partial)'}
                </th>
                {data.series.map(({ name, values }) => (
                  <td key={name}>{values[index] == null ? '–' : format(values[index])}</td>
                ))}
              </tr>
            ))
            .reverse()}
        </tbody>
      </table>
    </section>
  );
}
