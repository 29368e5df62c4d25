import { Link } from '@tanstack/react-router';
import { useRef } from 'react';
import type { ListedProject } from '../../../../sdk/typescript/src/models.ts';
import { attemptsText, Sparkline } from '../../charts/sparkline.tsx';
import { useRowKeys } from '../../kit/keys.ts';
import table from '../../kit/lists/table.module.css';
import { State } from '../../kit/status/state.tsx';
import { duration } from '../../kit/time/time.ts';
import { shareOf, shareText } from '../../statistics/timeline-figures.ts';
import css from './projects.module.css';

export function ProjectTable({ projects, now }: { projects: ListedProject[]; now: number }) {
  const body = useRef<HTMLTableSectionElement>(null);
  useRowKeys(() => [...(body.current?.rows ?? [])]);
  return (
    <table className={table.table}>
      <thead>
        <tr>
          <th scope="col">State</th>
          <th scope="col">Project</th>
          <th scope="col">24 hours</th>
          <th scope="col" className={table.number}>
            Accepted
          </th>
          <th scope="col" className={table.number}>
            Delivered
          </th>
          <th scope="col" className={table.number}>
            Open
          </th>
          <th scope="col" className={table.number}>
            Oldest open
          </th>
          <th scope="col">Id</th>
        </tr>
      </thead>
      <tbody ref={body}>
        {projects.map((project) => (
          <Row key={project.id} project={project} now={now} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ project: { id, name, profile, figures }, now }: { project: ListedProject; now: number }) {
  return (
    <tr>
      <td data-label="State">
        {figures?.attention ? (
          <State tone="bad" icon="triangle-alert">
            needs attention
          </State>
        ) : (
          <State tone="good" icon="circle-check">
            well
          </State>
        )}
      </td>
      <td data-label="Project" className={table.strong}>
        <span>
          <Link to="/p/$project" params={{ project: id }}>
            {name}
          </Link>
          <span className={css.profile}>{profile}</span>
        </span>
      </td>
      <td data-label="24 hours" className={css.sparkline}>
        {figures && (
          <Sparkline
            attempts={figures.hourly.attempts}
            failed={figures.hourly.failed}
            label={attemptsText(figures)}
          />
        )}
      </td>
      <td data-label="Accepted" className={table.number}>
        {figures?.accepted.toLocaleString()}
      </td>
      <td data-label="Delivered" className={table.number}>
        {figures && shareText(shareOf(figures.attempts - figures.failed, figures.undeliverable))}
      </td>
      <td data-label="Open" className={table.number}>
        {figures?.open.toLocaleString()}
      </td>
      <td data-label="Oldest open" className={table.number}>
        {figures?.oldestOpenAt ? (
          duration(Math.max(0, now - Date.parse(figures.oldestOpenAt)))
        ) : (
          <span className={table.muted}>none</span>
        )}
      </td>
      <td data-label="Id" className={`${table.mono} ${table.muted}`}>
        {id}
      </td>
    </tr>
  );
}
