import { createEndpointStates, sweepEndpointStates } from '../../../src/background/endpoint-states.ts';
import type { EndpointAction } from '../../../src/store/endpoints/endpoint-status.ts';
import { putConsumer } from '../../../src/store/projects/consumers.ts';
import { updateProject } from '../../../src/store/projects/projects.ts';
import { acceptEvents } from '../accept-events.ts';
import { type SeededStore, secretBox, seedStore } from '../seed.ts';

/** One database for the suite, a new project for each test, and what changes the state of its endpoints. */
export function useEndpointStates() {
  let store: SeededStore;
  let project: string;
  let released: number;
  const failures: unknown[] = [];
  const ended: { owner: string; ids: string[] }[] = [];

  beforeAll(async () => {
    store = await seedStore();
  });
  beforeEach(async () => {
    project = await store.newProject();
    released = 0;
    ended.length = 0;
  });
  afterEach(() => expect(failures.splice(0)).toEqual([]));
  afterAll(() => store.drop());

  const deps = () => ({
    pool: store.pool,
    drainRate: 0,
    onReleased: () => released++,
    onEnded: (signal: { owner: string; ids: string[] }) => void ended.push(signal),
    onOutcomes: () => {},
    onFailure: (error: unknown) => failures.push(error),
  });
  const scope = () => ({ projectId: project, consumer: null });
  /** Its calls return when all held deliveries are in line with the new state, however long that takes. */
  const untilDone = () => createEndpointStates(deps(), Number.POSITIVE_INFINITY);

  return {
    get store() {
      return store;
    },
    get project() {
      return project;
    },
    get released() {
      return released;
    },
    failures,
    /** Workflows that were told about deliveries that have ended. */
    ended,
    deps,
    scope,
    untilDone,
    act: (id: string, action: EndpointAction) => untilDone().changeState(scope(), id, action),
    sweep: (ageMs = 0) => sweepEndpointStates(deps(), new Map(), ageMs),

    endpointRow: (id: string) =>
      store.queryOne('SELECT status, suspended, resync_due_at FROM endpoints WHERE id = $1', [id]),

    /** Counts the deliveries of the project by status, hold reason and owner. */
    async kinds(): Promise<Record<string, number>> {
      const { rows } = await store.pool.query(
        `SELECT concat_ws(' ', status, waiting_for, CASE WHEN due_at <= now() THEN 'due' END, owner) AS kind, count(*)::int AS n
         FROM deliveries WHERE project_id = $1 GROUP BY 1`,
        [project],
      );
      return Object.fromEntries(rows.map(({ kind, n }) => [kind, n]));
    },

    accept: (count: number, pool = store.pool, consumer: string | null = null) =>
      acceptEvents(
        pool,
        secretBox,
        Array.from({ length: count }, () => store.draft({ projectId: project, consumer })),
      ),

    createDelivery: async (owner: string, consumer: string | null = null) =>
      (await store.acceptEvent(owner, { projectId: project, consumer })).ids[0]!,

    async setPlans(plans: string[] | null) {
      const { generation } = (await updateProject(store.pool, project, { plans }, () => null))!;
      if (generation !== null)
        await untilDone().applyPlans({ projectId: project, consumer: null, generation });
    },
    async setPlan(id: string, plan: string | null) {
      const { generation } = await putConsumer(store.pool, project, { id, name: null, plan });
      if (generation !== null) await untilDone().applyPlans({ projectId: project, consumer: id, generation });
    },
  };
}
