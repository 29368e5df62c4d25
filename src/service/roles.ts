import type { ProcessRole } from '../store/processes/processes.ts';

export type Roles = { api: boolean; worker: boolean };

/** The role as heartbeats and metrics name it: `start` is both in one process. */
export const roleNameOf = ({ api, worker }: Roles): ProcessRole =>
  api && worker ? 'start' : api ? 'api' : 'worker';
