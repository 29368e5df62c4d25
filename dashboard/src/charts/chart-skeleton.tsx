import { Panel } from '../kit/layout/page.tsx';
import css from './chart.module.css';

/** As high as the chart that comes. */
export function ChartSkeleton({ title }: { title: string }) {
  return (
    <Panel title={title}>
      <div className={css.skeleton} aria-hidden="true" />
    </Panel>
  );
}
