import { useInfiniteQuery, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { Problem } from '../../api/problem.tsx';
import { projectsQuery } from '../../api/queries.ts';
import { useMayChange } from '../../api/session.ts';
import { readinessQuery } from '../../api/statistics-queries.ts';
import { Button } from '../../kit/buttons/button.tsx';
import { Empty, Page, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import { useHeldOrder } from '../../kit/lists/held-rows.ts';
import { More } from '../../kit/lists/more.tsx';
import { useNow } from '../../kit/time/clock.ts';
import { outageText } from '../overview/verdict.ts';
import { attentionFirst } from './attention-first.ts';
import { FirstUse } from './first-use.tsx';
import { NewProject } from './new-project.tsx';
import { ProjectTable } from './project-table.tsx';
import css from './projects.module.css';
import { Totals } from './totals.tsx';

const REFETCH_MS = 15_000;

/** Which project needs someone. */
export function ProjectList() {
  const query = useInfiniteQuery({ ...projectsQuery, refetchInterval: REFETCH_MS });
  const readiness = useQuery({ ...readinessQuery, refetchInterval: REFETCH_MS });
  const [isNew, setNew] = useState(false);
  const mayChange = useMayChange();
  const now = useNow(5_000);
  const listed = query.data?.pages.flatMap(({ items }) => items) ?? [];
  const projects = useHeldOrder(attentionFirst(listed), ({ id }) => id);
  const outage = outageText(readiness.data);
  return (
    <Page
      title="Projects"
      aside={
        query.hasNextPage && (
          <span className={css.scope}>
            Totals of the {projects.length} that are shown. There are more below.
          </span>
        )
      }
      actions={
        mayChange && (
          <Button kind="primary" icon="plus" onClick={() => setNew(true)}>
            New project
          </Button>
        )
      }
    >
      {outage && (
        <p className={css.outage} role="alert">
          {outage}
        </p>
      )}
      {query.error && <Problem error={query.error} />}
      <Totals projects={query.data && projects} now={now} />
      <Panel>
        {query.isPending && <SkeletonRows rows={4} />}
        {query.data && projects.length === 0 && (
          <Empty icon="inbox" title="A project is one producer">
            <p>It has its own keys, endpoints, events and wire format.</p>
            {mayChange && (
              <Button kind="primary" icon="plus" onClick={() => setNew(true)}>
                Make one
              </Button>
            )}
          </Empty>
        )}
        {projects.length > 0 && <ProjectTable projects={projects} now={now} />}
        <More query={query} what="projects" found={projects.length} />
      </Panel>
      {projects.length === 1 && !query.hasNextPage && <FirstUse project={projects[0]!} />}
      {isNew && <NewProject onClose={() => setNew(false)} />}
    </Page>
  );
}
