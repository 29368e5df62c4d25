import type { Clock } from '../../src/store/postgres/database-clock.ts';

/** The clock of the test process, in place of the clock of Postgres. */
export const PROCESS_CLOCK: Clock = { now: () => Date.now(), whenSynced: async () => {} };
