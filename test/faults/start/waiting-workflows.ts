import type { Client } from '@temporalio/client';
import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { SECRET } from '../../set-up/targets.ts';
import type { Project } from '../installation/api-client.ts';
import type { Installation } from '../installation/installation.ts';

const BATCH = 100;
/** The reconciler continues deliveries of failed workflows when they have been due for a minute. */
const UNTIL_RECONCILED_MS = 300_000;

/** Deliveries whose first attempt has failed, each in a workflow of its own that waits two hours for the next attempt. */
export type WaitingWorkflows = {
  /** Posts so many events, and returns the ids of their deliveries once they wait. */
  post(count: number): Promise<string[]>;
  /** Lets the two hours of these deliveries be over. */
  makeDue(ids: string[]): Promise<void>;
  /** Returns after how many seconds so many deliveries have been delivered. */
  untilDelivered(count: number): Promise<number>;
  /** The distinct owners of open deliveries: of all, or of these. */
  owners(ids?: string[]): Promise<string[]>;
  /** Nothing is lost and nothing sent twice: each receiver got the failed attempt and one more. */
  expectSentOnce(count: number): Promise<void>;
};

/** A receiver that refuses the first request to each path, and accepts the others. */
export async function startRefusingReceiver(): Promise<Receiver> {
  const seen = new Set<string>();
  return startReceiver([
    ({ path }, response) => {
      response.writeHead(seen.has(path) ? 200 : 500).end();
      seen.add(path);
    },
  ]);
}

export function waitingWorkflows(
  posthorn: Installation,
  receiver: Receiver,
  { id: projectId, key }: Project,
): WaitingWorkflows {
  async function countOf(status: string): Promise<number> {
    const { rows } = await posthorn.pool.query(
      'SELECT count(*)::int FROM deliveries WHERE project_id = $1 AND status = $2',
      [projectId, status],
    );
    return rows[0].count;
  }
  async function waitingIds(except: string[] = []): Promise<string[]> {
    const { rows } = await posthorn.pool.query<{ id: string }>(
      `SELECT id FROM deliveries WHERE project_id = $1 AND status = 'retrying' AND id <> ALL ($2::text[]) ORDER BY id`,
      [projectId, except],
    );
    return rows.map(({ id }) => id);
  }
  let posted = 0;

  return {
    async post(count) {
      const known = await waitingIds();
      for (let from = 0; from < count; from += BATCH) {
        const events = Array.from({ length: Math.min(BATCH, count - from) }, () => ({
          type: 'a.b',
          data: {},
          target: { url: `${receiver.url}/${posted++}`, secret: SECRET },
        }));
        await posthorn.api.call(key, 'POST', '/v1/events/batch', { events });
      }
      await eventually(async () => (await countOf('retrying')) === known.length + count, 300_000);
      return waitingIds(known);
    },
    async makeDue(ids) {
      for (let from = 0; from < ids.length; from += 20)
        await Promise.all(
          ids
            .slice(from, from + 20)
            .map((id) => posthorn.api.call(key, 'POST', `/v1/deliveries/${id}/retry`)),
        );
    },
    async untilDelivered(count) {
      const since = performance.now();
      await eventually(async () => (await countOf('delivered')) === count, UNTIL_RECONCILED_MS);
      return Math.round((performance.now() - since) / 1_000);
    },
    async owners(ids) {
      const { rows } = await posthorn.pool.query<{ owner: string }>(
        `SELECT DISTINCT owner FROM deliveries
         WHERE project_id = $1 AND due_at IS NOT NULL AND ($2::text[] IS NULL OR id = ANY ($2))`,
        [projectId, ids],
      );
      return rows.map(({ owner }) => owner);
    },
    async expectSentOnce(count) {
      const requests = Map.groupBy(receiver.requests, ({ path }) => path);
      expect(requests.size).toBe(count);
      expect(new Set([...requests.values()].map(({ length }) => length))).toEqual(new Set([2]));
      const { rows } = await posthorn.pool.query(
        `SELECT a.outcome, count(*)::int FROM attempts a JOIN deliveries d ON d.id = a.delivery_id
         WHERE d.project_id = $1 GROUP BY 1 ORDER BY 1`,
        [projectId],
      );
      expect(rows).toEqual([
        { outcome: 'delivered', count },
        { outcome: 'rejected', count },
      ]);
    },
  };
}

/** The ids of workflows of deliveries in this state, such as those that failed because their history does not fit the code. */
export async function workflowsIn(
  temporal: Client,
  status: 'Running' | 'Completed' | 'Failed',
  begunAfter = new Date(0),
): Promise<string[]> {
  const ids: string[] = [];
  const query = `WorkflowType = 'deliver' AND ExecutionStatus = '${status}' AND StartTime > '${begunAfter.toISOString()}'`;
  for await (const { workflowId } of temporal.workflow.list({ query })) ids.push(workflowId);
  return ids;
}
