import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import { exactProfileQuery } from '../../api/catalogue-queries.ts';
import { Problem } from '../../api/problem.tsx';
import { projectQuery } from '../../api/queries.ts';
import { Page, Panel, SkeletonRows } from '../../kit/layout/page.tsx';
import { DataSection } from './data-section.tsx';
import { FailureSection } from './failure-section.tsx';
import { PlansSection } from './plans-section.tsx';
import { PolicySection } from './policy-section.tsx';
import { PortalSection } from './portal-section.tsx';
import { ProjectSection } from './project-section.tsx';
import css from './settings.module.css';

/** How the project sends, and what its portal looks like. */
export function Settings() {
  const { project: id } = useParams({ from: '/frame/p/$project/settings' });
  const query = useQuery(projectQuery(id));
  const profile = useQuery(exactProfileQuery(id, query.data?.profile ?? '', undefined));
  const error = query.error ?? profile.error;
  if (!query.data || !profile.data) {
    return (
      <Page title="Settings">
        {error ? (
          <Problem error={error} />
        ) : (
          <Panel>
            <SkeletonRows rows={16} />
          </Panel>
        )}
      </Page>
    );
  }
  const project = query.data;
  const { profile: wire } = profile.data.stored;
  return (
    <Page title="Settings">
      <div className={css.sections}>
        <ProjectSection project={project} />
        <PolicySection project={project} profile={wire} />
        <FailureSection project={project} />
        <div className={css.columns}>
          <PlansSection project={project} profile={wire} />
          <DataSection project={project} />
        </div>
        <PortalSection project={project} />
      </div>
    </Page>
  );
}
