import { Link } from '@tanstack/react-router';
import { PosthornError, Problem } from '../../api/problem.tsx';
import { Empty } from '../../kit/layout/page.tsx';

type LoadProblemProps = {
  error: unknown;
  /** What was looked for: `delivery`. */
  what: string;
  /** The list of all. */
  to: '/endpoints' | '/deliveries' | '/event-types';
};

/** Why a screen of one thing shows nothing. What is gone leads back to the others. */
export function LoadProblem({ error, what, to }: LoadProblemProps) {
  if (!(error instanceof PosthornError && error.status === 404)) return <Problem error={error} />;
  return (
    <Empty icon="search" title={`There is no such ${what}`}>
      <p>
        It may have been removed. <Link to={to}>See all that there are</Link>
      </p>
    </Empty>
  );
}
