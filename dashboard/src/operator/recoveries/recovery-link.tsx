import { Link } from '@tanstack/react-router';

/** The recovery that sent a delivery again. */
export function RecoveryLink({ project, recovery }: { project: string; recovery: string }) {
  return (
    <Link to="/p/$project/recoveries/$recovery" params={{ project, recovery }}>
      recovery …{recovery.slice(-4)}
    </Link>
  );
}
