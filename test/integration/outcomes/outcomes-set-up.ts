import { createLogger } from '../../../src/observability/log.ts';
import { type Service, startService } from '../../../src/service/start-service.ts';
import { type Receiver, type ScriptStep, startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type OutcomeStream, openOutcomes, type StreamedOutcome } from '../../set-up/outcome-stream.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

export const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';

/** What is allowed from the commit to the stream and to who waits, on an idle machine. */
export const SOON_MS = 100;

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

export const to = ({ url }: Receiver, more: object = {}) => ({
  type: 'a.b',
  data: {},
  target: { url, secret: SECRET },
  ...more,
});

/** A project of its own, so that no other test's outcomes are on its stream. */
export async function projectApart(settings: object = {}) {
  const { id, key } = await posthorn.newProject(settings);
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answered = await posthorn.client.call(method, path, { key, body });
    if (answered.status >= 300) throw new Error(`${method} ${path}: ${answered.text}`);
    return answered.body as T;
  };
  return { id, key, call };
}

export const settledEvents = (outcomes: StreamedOutcome[]): string[] =>
  outcomes.filter(({ kind }) => kind === 'event.settled').map(({ data }) => data.event);

/** Everything that the stream of a project must have said, in its order. */
export async function writtenFor(projectId: string): Promise<string[]> {
  const { rows } = await posthorn.database.pool.query<{ place: string }>(
    `SELECT xid::text || '.' || seq::text AS place FROM outcomes WHERE project_id = $1 ORDER BY xid, seq`,
    [projectId],
  );
  return rows.map(({ place }) => place);
}

export const placeOf = ({ id }: StreamedOutcome): string => id.split('.').slice(1).join('.');

/** Streams show nothing that is younger than the server's oldest transaction, of whatever database. */
export async function untilAllIsVisible(): Promise<void> {
  await eventually(async () => {
    const { rows } = await posthorn.database.pool.query<{ seen: boolean }>(
      'SELECT max(xid) < pg_snapshot_xmin(pg_current_snapshot()) AS seen FROM outcomes',
    );
    return rows[0]!.seen;
  });
}

/** Another API and worker on the same database: the second writer and the second reader. Its URL. */
export async function startSecond(): Promise<string> {
  const log = createLogger({ level: 'silent', name: 'second' });
  const second: Service = await startService(posthorn.config, { api: true, worker: true }, { log });
  closers.push(second.close);
  await second.connected;
  return `http://127.0.0.1:${second.port}`;
}
