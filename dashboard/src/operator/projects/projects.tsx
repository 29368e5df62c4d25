import { Navigate } from '@tanstack/react-router';
import { useSession } from '../../api/session.ts';
import { ProjectList } from './project-list.tsx';

/** The first page: the projects, for whoever sees them all; else the project of the key. */
export function Projects() {
  const session = useSession();
  if (session.project) return <Navigate to="/p/$project" params={{ project: session.project.id }} replace />;
  return <ProjectList />;
}
