import type pg from 'pg';
import { deserializePolicy } from '../../../src/policy/retry-policy.ts';
import { maxDeliveriesOf } from '../../../src/policy/workflow-size.ts';
import type { NewDelivery } from '../../../src/store/events/accept/accept-events.ts';

export type StoredDelivery = NewDelivery & {
  owner: string | null;
  /** A time of performance.now(). */
  dueAt: number;
  isClaimed: boolean;
  /** The response to its assignment or release was lost, so the reconciler has to find it. */
  isLost: boolean;
};

type Row = {
  id?: string;
  project_id?: string;
  projectId?: string;
  receiver?: string;
  isOverdue?: boolean;
};
const QUERY_MS = 1;

/** The table of deliveries, with the statements of the dispatcher. A query takes 1 ms. */
export class FakeDeliveries {
  readonly rows = new Map<string, StoredDelivery>();
  /** `lost response`: the next query takes effect all the same. */
  failure: 'none' | 'down' | 'lost response' = 'none';

  readonly pool = {
    connect: async () => ({ query: this.#query, release: () => {} }),
    query: (query: string | { name: string; values: unknown[] }, values?: unknown[]) =>
      this.#query(query, values),
  } as unknown as pg.Pool;

  #query = async (query: string | { name: string; values: unknown[] }, values: unknown[] = []) => {
    if (typeof query === 'string' && /^(BEGIN|COMMIT|ROLLBACK)$/.test(query)) return { rows: [] };
    const [name, parameters] =
      typeof query === 'string' ? ['release-unstarted', values] : [query.name, query.values];
    await new Promise((resolve) => setTimeout(resolve, QUERY_MS));
    const { failure } = this;
    if (failure === 'lost response') this.failure = 'none';
    const rows = failure === 'down' ? [] : this.#run(name, parameters);
    const lost =
      name === 'release-unstarted' ? (parameters[1] as string[]) : rows.flatMap(({ id }) => id ?? []);
    if (failure !== 'none') for (const id of lost) if (this.rows.has(id)) this.rows.get(id)!.isLost = true;
    if (failure !== 'none') throw new Error(`Postgres: ${failure}`);
    return { rows };
  };

  store(delivery: NewDelivery, owner: string | null, delayMs = 0): void {
    const dueAt = performance.now() + delayMs;
    this.rows.set(delivery.id, { ...delivery, owner, dueAt, isClaimed: false, isLost: false });
  }

  #run(name: string, values: unknown[]): Row[] {
    if (name === 'next-project-due') return this.#nextProject(values[0] as string);
    if (name.startsWith('assign-due')) return this.#assignDue(values, name === 'assign-due');
    if (name === 'restricted-projects-waiting')
      return [...new Set(this.#waiting('restricted').map(({ projectId }) => projectId))].map((projectId) => ({
        projectId,
      }));
    if (name === 'restricted-receivers-waiting')
      return [
        ...new Map(
          this.#waiting('restricted').map((row) => [row.receiver, { ...row, isDue: true, isOverdue: false }]),
        ).values(),
      ];
    if (name === 'lock-free-gates')
      return (values[0] as string[]).map((receiver) => ({ receiver, gate: null }));
    if (name === 'assign-permitted') return this.#assignPermitted(values);
    if (name === 'release-unstarted') return this.#release(values[0] as string, values[1] as string[]);
    throw new Error(`an unknown statement: ${name}`);
  }

  #waiting(lane: 'fast' | 'restricted'): StoredDelivery[] {
    return [...this.rows.values()].filter(
      (row) =>
        row.owner === null &&
        row.waitingFor === null &&
        row.lane === lane &&
        !row.isClaimed &&
        row.dueAt <= performance.now(),
    );
  }

  #nextProject(lastServed: string): Row[] {
    const projects = [...new Set(this.#waiting('fast').map(({ projectId }) => projectId))].sort();
    const next = projects.find((id) => id > lastServed) ?? projects[0];
    return next === undefined ? [] : [{ projectId: next, isOverdue: false }];
  }

  #assignDue(values: unknown[], grouping: boolean): Row[] {
    const [projectId, maxDeliveries, minDeliveries, uuid, maxWaitMs] = values as [
      string,
      number,
      number,
      string,
      number | null,
    ];
    const due = this.#waiting('fast').filter((row) => row.projectId === projectId);
    const [oldest] = due;
    if (!oldest) return [];
    const capacity = Math.min(maxDeliveries, maxDeliveriesOf(deserializePolicy(oldest.policy)));
    const batch = due
      .filter(({ policy, eventId }) => policy === oldest.policy && (grouping || eventId === oldest.eventId))
      .slice(0, capacity);
    const isOverdue = maxWaitMs !== null && oldest.dueAt < performance.now() - maxWaitMs;
    return batch.length >= Math.min(minDeliveries, capacity) || isOverdue ? this.#assign(batch, uuid) : [];
  }

  #assignPermitted(values: unknown[]): Row[] {
    const [maxDeliveries, grouping, , uuid, , , receivers, [maxPerReceiver = 0]] = values as [
      number,
      boolean,
      string,
      string,
      string | null,
      string[],
      string[],
      number[],
    ];
    const waiting = this.#waiting('restricted').filter(({ receiver }) => receivers.includes(receiver));
    const [oldest] = waiting;
    const isAlike = ({ projectId, policy, eventId, receiver }: StoredDelivery) =>
      projectId === oldest?.projectId &&
      policy === oldest?.policy &&
      receiver === oldest?.receiver &&
      (grouping || eventId === oldest?.eventId);
    if (!oldest) return [];
    const capacity = Math.min(maxDeliveries, maxDeliveriesOf(deserializePolicy(oldest.policy)));
    return this.#assign(waiting.filter(isAlike).slice(0, Math.min(maxPerReceiver, capacity)), uuid);
  }

  #assign(batch: StoredDelivery[], uuid: string): Row[] {
    for (const row of batch) row.owner = `group/${row.projectId}/${uuid}`;
    return batch.map((row) => ({ ...row, step: 0, event_id: row.eventId, project_id: row.projectId }));
  }

  #release(owner: string, ids: string[]): Row[] {
    const released = ids
      .map((id) => this.rows.get(id)!)
      .filter((row) => row?.owner === owner && !row.isClaimed);
    for (const row of released) row.owner = null;
    return released;
  }
}
