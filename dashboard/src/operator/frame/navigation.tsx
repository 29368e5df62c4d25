import { useInfiniteQuery, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { messageOf } from '../../api/problem.tsx';
import { failuresQuery, projectQuery, projectsQuery } from '../../api/queries.ts';
import { sessionQuery, signOut, useSession } from '../../api/session.ts';
import { Button } from '../../kit/buttons/button.tsx';
import { Icon } from '../../kit/icons/icon.tsx';
import { useHeldOrder } from '../../kit/lists/held-rows.ts';
import { tell } from '../../kit/status/toast.tsx';
import { counted } from '../../kit/text/counted.ts';
import { attentionFirst } from '../projects/attention-first.ts';
import { ClockSelect } from './clock-select.tsx';
import css from './navigation.module.css';
import { SCREENS } from './screens.ts';

/** All paths of the list are screens of the project, which the router cannot know. */
const routeOf = (path: string): '/p/$project/events' => `/p/$project/${path}` as '/p/$project/events';

export function Navigation({ isOpen }: { isOpen: boolean }) {
  const { project } = useParams({ strict: false });
  const session = useSession();
  return (
    <aside className={css.side} data-open={isOpen} aria-label="Screens">
      {project && <ProjectLinks project={project} />}
      {!project && session.kind === 'admin' && <InstallationLinks />}
      <Foot />
    </aside>
  );
}

/** All projects, with a dot where something needs attention. */
function InstallationLinks() {
  const { data, hasNextPage } = useInfiniteQuery(projectsQuery);
  const listed = data?.pages.flatMap(({ items }) => items) ?? [];
  const projects = useHeldOrder(attentionFirst(listed), ({ id }) => id);
  return (
    <nav className={css.links} aria-label="Installation">
      <Link to="/" aria-current="page">
        <Icon name="inbox" size={15} />
        Projects
      </Link>
      {projects.map(({ id, name, figures }) => (
        <Link key={id} to="/p/$project" params={{ project: id }} data-row>
          <span className={css.dot} data-attention={figures?.attention ?? false} aria-hidden="true" />
          <span className={css.linkName}>{name}</span>
          {figures?.attention && <span className={css.hidden}>needs attention</span>}
        </Link>
      ))}
      {hasNextPage && <p className={css.rest}>More are in the list.</p>}
    </nav>
  );
}

function ProjectLinks({ project }: { project: string }) {
  const session = useSession();
  const { data } = useQuery(projectQuery(project));
  const { data: failures } = useQuery({ ...failuresQuery(project, {}), refetchInterval: 30_000 });
  const groups = failures?.items.length ?? 0;
  return (
    <>
      <div className={css.project}>
        <span className={css.projectName}>{data?.name ?? '\u00a0'}</span>
        <span className={css.small}>{data?.profile ?? '\u00a0'}</span>
        {session.kind === 'admin' && (
          <Link to="/" className={css.small}>
            All projects
          </Link>
        )}
      </div>
      <nav className={css.links} aria-label="Project">
        {SCREENS.map(({ path, label, icon }) => (
          <Link
            key={path}
            to={routeOf(path)}
            params={{ project }}
            activeOptions={{ includeSearch: false, exact: label === 'Overview' }}
          >
            <Icon name={icon} size={15} />
            {label}
            {label === 'Attention' && groups > 0 && (
              <span
                className={css.count}
                title={counted(groups, 'cause needs attention', 'causes need attention')}
              >
                {failures?.complete === false ? `${groups}+` : groups}
              </span>
            )}
          </Link>
        ))}
      </nav>
    </>
  );
}

function Foot() {
  const session = useSession();
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const leave = async (): Promise<void> => {
    try {
      await signOut();
    } catch (error) {
      return tell(messageOf(error), 'bad');
    }
    queryClient.clear();
    queryClient.setQueryData(sessionQuery.queryKey, null);
    await navigate({ to: '/sign-in' });
  };
  return (
    <div className={css.foot}>
      {session.access === 'read' && <p className={css.readOnly}>Read only: nothing can be changed.</p>}
      <div className={css.clock}>
        <ClockSelect />
      </div>
      <Button kind="quiet" icon="log-out" onClick={() => void leave()}>
        Sign out
      </Button>
    </div>
  );
}
