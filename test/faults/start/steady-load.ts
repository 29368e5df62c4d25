import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type EventStream, type OfferedEvent, startEventStream } from '../installation/event-stream.ts';
import type { Installation } from '../installation/installation.ts';

/** Two events a second, while a test replaces processes. Each is to be delivered once. */
export type SteadyLoad = {
  /** Waits until events that are posted from now on have been delivered. */
  untilDeliveriesGoOn(timeoutMs?: number): Promise<void>;
  /** Ends the load, and waits until all of it is delivered. */
  end(): Promise<LoadFindings>;
  close(): Promise<void>;
};

/** `repeated`: requests after the first one for an event; `unknown`: attempts whose worker was killed, which are repeated. */
export type LoadFindings = { lost: number; repeated: number; unknown: number };

const PACE = { pauseMs: 4_000, isAhead: () => false };
/** Events, of which the last has certainly been posted after the first was delivered. */
const SOME = 10;

/** `apiUrls` are used in turn; an event is posted until one of them accepts it. */
export async function startSteadyLoad(posthorn: Installation, apiUrls: string[]): Promise<SteadyLoad> {
  const receiver: Receiver = await startReceiver([200]);
  const project = await posthorn.api.newProject({ timeout: '5s' });
  await posthorn.api.newEndpoint(project, receiver.url, ['*']);
  let isOn = true;
  function* events(): Generator<OfferedEvent> {
    for (let n = 0; isOn; n++) yield { id: `steady-${n}`, type: 'a.b', data: {} };
  }
  const stream: EventStream = startEventStream(apiUrls, project.key, events(), PACE);

  const delivered = (): string[] => receiver.requests.map(({ headers }) => String(headers['webhook-id']));

  async function countOf(condition: string): Promise<number> {
    const { rows } = await posthorn.pool.query<{ n: number }>(
      `SELECT count(*)::int AS n FROM deliveries d LEFT JOIN attempts a ON a.delivery_id = d.id
       WHERE d.project_id = $1 AND ${condition}`,
      [project.id],
    );
    return rows[0]!.n;
  }

  return {
    async untilDeliveriesGoOn(timeoutMs = 300_000) {
      const before = stream.acknowledged.size;
      await stream.untilAcknowledged(before + SOME);
      const later = [...stream.acknowledged].slice(before);
      await eventually(() => {
        const ids = new Set(delivered());
        return later.every((id) => ids.has(id));
      }, timeoutMs);
    },
    async end() {
      isOn = false;
      await stream.done;
      await eventually(async () => (await countOf("d.status <> 'delivered'")) === 0, 300_000);
      const ids = delivered();
      const distinct = new Set(ids);
      return {
        lost: [...stream.acknowledged].filter((id) => !distinct.has(id)).length,
        repeated: ids.length - distinct.size,
        unknown: await countOf("a.outcome = 'unknown'"),
      };
    },
    async close() {
      isOn = false;
      await stream.stop();
      await receiver.close();
    },
  };
}
