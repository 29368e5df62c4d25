import { useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import type { Attempt, Event } from '../../../../sdk/typescript/src/models.ts';
import { profileQuery } from '../../api/queries.ts';
import { AttemptPanel } from '../../delivery/attempt/attempt-panel.tsx';
import { adviceOf } from '../../delivery/causes.ts';
import type { Lane } from '../../delivery/lane.ts';
import { RecoveryLink } from '../recoveries/recovery-link.tsx';

type AttemptOfEventProps = { project: string; event: Event; lane: Lane; attempt: Attempt };

/** The attempt that the address names, compared with the one that it names, too. */
export function AttemptOfEvent({ project, event, lane, attempt }: AttemptOfEventProps) {
  const search = useSearch({ from: '/frame/p/$project/events/$event' });
  const navigate = useNavigate();
  const { name, version } = lane.details?.profile ?? { name: '', version: 0 };
  const { data: profile } = useQuery({ ...profileQuery(project, name, version), enabled: name !== '' });
  const other = lane.attempts.find(
    ({ number }) => String(number) === search.with && number !== attempt.number,
  );
  return (
    <AttemptPanel
      event={event}
      lane={lane}
      attempt={attempt}
      other={other}
      onCompare={(number) =>
        void navigate({ to: '.', search: (old) => ({ ...old, with: number }), resetScroll: false })
      }
      advice={saysWhatToDo(attempt) ? undefined : adviceOf(attempt)}
      signed={profile}
      recovery={(recovery) => <RecoveryLink project={project} recovery={recovery} />}
      link={linkTo(lane.delivery.id, attempt.number)}
    />
  );
}

/** The message of an error says it, except of those that only the operator can change. */
const saysWhatToDo = ({ error, outcome }: Attempt): boolean =>
  error !== null && outcome !== 'blocked' && outcome !== 'unknown';

function linkTo(delivery: string, attempt: number): string {
  const url = new URL(location.href);
  url.search = `?delivery=${delivery}&attempt=${attempt}`;
  url.hash = '';
  return url.href;
}
