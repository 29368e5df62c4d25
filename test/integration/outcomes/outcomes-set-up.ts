import { createLogger } from '../../../src/observability/log.ts';
import { type Service, startService } from '../../../src/service/start-service.ts';
import { type Receiver, type ScriptStep, startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type OutcomeStream, openOutcomes, type StreamedOutcome } from '../../set-up/outcome-stream.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

/** Longest time from the commit of an outcome until streams and waiting requests get it, on an idle machine. */
export const MAX_LATENCY_MS = 100;

export let posthorn: TestPosthorn;

export const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  posthorn = await startTestPosthorn();
});

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

afterAll(() => posthorn.close());

export const receiverThat = async (...script: ScriptStep[]): Promise<Receiver> => {
  const receiver = await startReceiver(script);
  closers.push(receiver.close);
  return receiver;
};

export const outcomesOf = async (key: string, lastEventId?: string): Promise<OutcomeStream> => {
  const stream = await openOutcomes(posthorn.url, key, lastEventId);
  closers.push(stream.close);
  return stream;
};

/** A project of its own, so that no other test's outcomes are on its stream. */
export async function newProject(settings: object = {}) {
  const { id, key } = await posthorn.newProject(settings);
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await posthorn.client.call(method, path, { key, body });
    if (response.status >= 300) throw new Error(`${method} ${path}: ${response.text}`);
    return response.body as T;
  };
  return { id, key, call };
}

export const settledEvents = (outcomes: StreamedOutcome[]): string[] =>
  outcomes.filter(({ kind }) => kind === 'event.settled').map(({ data }) => data.event);

/** The positions of all outcomes of a project, in stream order. */
export async function writtenOutcomes(projectId: string): Promise<string[]> {
  const { rows } = await posthorn.database.pool.query<{ position: string }>(
    `SELECT xid::text || '.' || seq::text AS position FROM outcomes WHERE project_id = $1 ORDER BY xid, seq`,
    [projectId],
  );
  return rows.map(({ position }) => position);
}

export const positionOf = ({ id }: StreamedOutcome): string => id.split('.').slice(1).join('.');

/** Waits until streams show every outcome. They show none that is newer than the oldest running transaction of any database. */
export async function untilAllIsVisible(): Promise<void> {
  await eventually(async () => {
    const { rows } = await posthorn.database.pool.query<{ visible: boolean }>(
      'SELECT max(xid) < pg_snapshot_xmin(pg_current_snapshot()) AS visible FROM outcomes',
    );
    return rows[0]!.visible;
  });
}

/** Starts another API and worker on the same database, as a second writer and reader. Returns its URL. */
export async function startSecond(): Promise<string> {
  const log = createLogger({ level: 'silent', name: 'second' });
  const second: Service = await startService(posthorn.config, { api: true, worker: true }, { log });
  closers.push(second.close);
  await second.connected;
  return `http://127.0.0.1:${second.port}`;
}
