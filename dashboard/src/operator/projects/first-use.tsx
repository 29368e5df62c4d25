import { Link } from '@tanstack/react-router';
import type { ListedProject } from '../../../../sdk/typescript/src/models.ts';
import { Panel } from '../../kit/layout/page.tsx';
import { useIsNew } from '../overview/first-events.ts';
import css from './projects.module.css';

/** Leads from the first screen of a new installation to its first delivered event. */
export function FirstUse({ project: { id, name } }: { project: ListedProject }) {
  if (!useIsNew(id)) return null;
  return (
    <Panel title="First steps">
      <p className={css.firstUse}>
        No event was posted yet.{' '}
        <Link to="/p/$project" params={{ project: id }}>
          Deliver a first one in {name}
        </Link>
        : an endpoint, an event, and what became of it.
      </p>
    </Panel>
  );
}
