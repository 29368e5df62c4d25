import { createLogger } from '../../../src/observability/log.ts';
import { type Service, startService } from '../../../src/service/start-service.ts';
import { removeOutcomes } from '../../../src/store/events/retention.ts';
import { type Receiver, type ScriptStep, startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type OutcomeStream, openOutcomes, type StreamedOutcome } from '../../set-up/outcome-stream.ts';
import {
  type Delivery,
  type Event,
  startTestPosthorn,
  type TestPosthorn,
} from '../../set-up/test-posthorn.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
/** What is allowed from the commit to the stream and to who waits, on an idle machine. */
const SOON_MS = 100;

let posthorn: TestPosthorn;
const closers: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  posthorn = await startTestPosthorn();
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});
afterAll(() => posthorn.close());

const receiverThat = async (...script: ScriptStep[]): Promise<Receiver> => {
  const receiver = await startReceiver(script);
  closers.push(receiver.close);
  return receiver;
};

const outcomesOf = async (key: string, lastEventId?: string): Promise<OutcomeStream> => {
  const stream = await openOutcomes(posthorn.url, key, lastEventId);
  closers.push(stream.close);
  return stream;
};

const to = ({ url }: Receiver, more: object = {}) => ({
  type: 'a.b',
  data: {},
  target: { url, secret: SECRET },
  ...more,
});

/** A project of its own, so that no other test's outcomes are on its stream. */
async function projectApart(settings: object = {}) {
  const { id, key } = await posthorn.newProject(settings);
  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answered = await posthorn.client.call(method, path, { key, body });
    if (answered.status >= 300) throw new Error(`${method} ${path}: ${answered.text}`);
    return answered.body as T;
  };
  return { id, key, call };
}

const settledEvents = (outcomes: StreamedOutcome[]): string[] =>
  outcomes.filter(({ kind }) => kind === 'event.settled').map(({ data }) => data.event);

/** Everything that the stream of a project must have said, in its order. */
async function writtenFor(projectId: string): Promise<string[]> {
  const { rows } = await posthorn.database.pool.query<{ place: string }>(
    `SELECT xid::text || '.' || seq::text AS place FROM outcomes WHERE project_id = $1 ORDER BY xid, seq`,
    [projectId],
  );
  return rows.map(({ place }) => place);
}

const placeOf = ({ id }: StreamedOutcome): string => id.split('.').slice(1).join('.');

describe('the stream', () => {
  test('tells of an event what happened, in order and with all that a listener needs', async () => {
    const { call, key } = await projectApart({ policy: { delays: ['1s'], timeout: '1s' } });
    const receiver = await receiverThat(503, 200);
    const endpoint = await call<{ id: string }>('POST', '/v1/endpoints', {
      url: receiver.url,
      consumer: 'acme',
    });
    const stream = await outcomesOf(key);
    const event = await call<Event>('POST', '/v1/events', { type: 'a.b', data: {}, consumer: 'acme' });

    await stream.until((outcomes) => settledEvents(outcomes).includes(event.id));

    const [delivery] = (await call<Event>('GET', `/v1/events/${event.id}`)).deliveries as [Delivery];
    const common = { event: event.id, consumer: 'acme', id: expect.any(String), at: expect.any(String) };
    const ofDelivery = { ...common, delivery: delivery.id, endpoint: endpoint.id };
    expect(stream.outcomes.map(({ kind, data }) => [kind, data])).toEqual([
      [
        'attempt.failed',
        {
          ...ofDelivery,
          status: 'retrying',
          outcome: 'rejected',
          attempt: 1,
          nextAttemptAt: expect.any(String),
        },
      ],
      ['delivery.delivered', { ...ofDelivery, status: 'delivered', outcome: 'delivered', attempt: 2 }],
      ['event.settled', { ...common, status: 'delivered' }],
    ]);
    for (const { id, data } of stream.outcomes) expect(data.id).toBe(id);
    const [failed] = stream.outcomes;
    const wait = Date.parse(failed!.data.nextAttemptAt!) - Date.parse(failed!.data.at);
    expect(Math.abs(wait - 1_000)).toBeLessThan(200);
  });

  test('tells of a cancelled and of an undeliverable delivery why', async () => {
    const { call, key } = await projectApart({ policy: { delays: [] } });
    const stream = await outcomesOf(key);
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>();
    const slow = await receiverThat(async (_request, response) => {
      await answered;
      response.writeHead(500).end();
    });
    const cancelled = await call<Event>('POST', '/v1/events', to(slow));
    await slow.untilReceived(1);
    const [delivery] = (await call<Event>('GET', `/v1/events/${cancelled.id}`)).deliveries as [Delivery];
    await call('POST', `/v1/deliveries/${delivery.id}/cancel`);
    answer();
    const undeliverable = await call<Event>('POST', '/v1/events', to(await receiverThat(404)));
    await stream.until((outcomes) => settledEvents(outcomes).length === 2);

    const told = (event: Event) =>
      stream.outcomes
        .filter(({ data }) => data.event === event.id)
        .map(({ kind, data }) => [kind, data.status, data.reason]);
    expect(told(cancelled)).toEqual([
      ['attempt.failed', 'cancelled', undefined],
      ['delivery.cancelled', 'cancelled', 'cancelled'],
      ['event.settled', 'cancelled', undefined],
    ]);
    expect(told(undeliverable)).toEqual([
      ['attempt.failed', 'undeliverable', undefined],
      ['delivery.undeliverable', 'undeliverable', 'exhausted'],
      ['event.settled', 'undeliverable', undefined],
    ]);
  });

  test('begins with what comes after it was opened, and can be resumed before the first outcome', async () => {
    const { call, key } = await projectApart();
    const receiver = await receiverThat(200);
    const before = await call<Event>('POST', '/v1/events?wait=10s', to(receiver));
    await untilAllIsVisible();
    const first = await outcomesOf(key);
    await first.close();
    const missed = await call<Event>('POST', '/v1/events?wait=10s', to(receiver));

    const resumed = await outcomesOf(key, first.lastEventId()!);
    await resumed.until((outcomes) => settledEvents(outcomes).length > 0);

    expect(settledEvents(resumed.outcomes)).toEqual([missed.id]);
    expect(settledEvents(resumed.outcomes)).not.toContain(before.id);
  });

  test('resumed again and again has no gap and nothing twice, while several processes write', async () => {
    const { id: projectId, call, key } = await projectApart({ policy: { delays: ['1s'], timeout: '1s' } });
    const second = await startSecond();
    const receiver = await receiverThat((request, response) => {
      response.writeHead(request.body.includes('"fail"') ? 500 : 200).end();
    });
    const read: string[] = [];
    let last: string | undefined = (await outcomesOf(key)).lastEventId()!;

    const offered = 240;
    const posting = Promise.all(
      Array.from({ length: 8 }, async (_, writer) => {
        for (let n = 0; n < offered / 8; n += 1) {
          await call('POST', '/v1/events', to(receiver, { data: n % 5 === 0 ? 'fail' : writer }));
        }
      }),
    );
    let settled = 0;
    while (settled < offered) {
      const stream = await openOutcomes(read.length % 2 === 0 ? posthorn.url : second, key, last);
      await stream.until((outcomes) => outcomes.length >= 25, 400).catch(() => {});
      await stream.close();
      read.push(...stream.outcomes.map(placeOf));
      settled += settledEvents(stream.outcomes).length;
      last = stream.lastEventId()!;
    }
    await posting;

    expect(read).toEqual(await writtenFor(projectId));
  }, 60_000);

  test('does not pass over an outcome whose transaction commits after later ones', async () => {
    const { id: projectId, call, key } = await projectApart();
    const stream = await outcomesOf(key);
    const late = await posthorn.database.pool.connect();
    await late.query('BEGIN');
    await late.query(
      `INSERT INTO outcomes (project_id, kind, event_id, status) VALUES ($1, 'event.settled', 'late', 'delivered')`,
      [projectId],
    );
    const receiver = await receiverThat(200);
    const event = await call<Event>('POST', '/v1/events?wait=10s', to(receiver));
    expect(settledEvents(stream.outcomes)).toEqual([]);
    await late.query('COMMIT');
    late.release();

    await stream.until((outcomes) => settledEvents(outcomes).length === 2);
    expect(settledEvents(stream.outcomes)).toEqual(['late', event.id]);
  });

  test('is gone for a place in another database, and for one older than retention', async () => {
    const { call, key } = await projectApart();
    const old = (await outcomesOf(key)).lastEventId()!;
    await call('POST', '/v1/events?wait=10s', to(await receiverThat(200)));
    const [, ...place] = old.split('.');

    expect((await outcomesOf(key, ['00000000', ...place].join('.'))).status).toBe(410);
    expect((await outcomesOf(key, 'not-of-ours')).status).toBe(410);
    expect((await outcomesOf(key, old)).status).toBe(200);

    await removeOutcomes(posthorn.database.pool, new Date(Date.now() + 60_000));
    expect((await outcomesOf(key, old)).status).toBe(410);
    expect((await outcomesOf(key)).status).toBe(200);
  });

  test('shows a consumer key its own outcomes alone, and another project’s none', async () => {
    const { call, key } = await projectApart();
    const other = await projectApart();
    const receiver = await receiverThat(200);
    for (const consumer of ['acme', 'globex']) {
      await call('POST', '/v1/endpoints', { url: receiver.url, consumer });
    }
    const acme = await call<{ key: string }>('POST', '/v1/keys', { consumer: 'acme' });
    const [ofAcme, ofProject, ofOther] = await Promise.all(
      [acme.key, key, other.key].map((one) => outcomesOf(one)),
    );
    const post = (consumer?: string) =>
      call<Event>('POST', '/v1/events?wait=10s', {
        type: 'a.b',
        data: {},
        ...(consumer ? { consumer } : { target: { url: receiver.url, secret: SECRET } }),
      });
    const events = [await post('globex'), await post(), await post('acme')];

    await ofProject!.until((outcomes) => settledEvents(outcomes).length === 3);
    await ofAcme!.until((outcomes) => settledEvents(outcomes).length === 1);
    expect(new Set(ofAcme!.outcomes.map(({ data }) => data.event))).toEqual(new Set([events[2]!.id]));
    expect(ofOther!.outcomes).toEqual([]);
  });

  test('ends within a second of the deletion of its key', async () => {
    const { call } = await projectApart();
    const { id, key } = await call<{ id: string; key: string }>('POST', '/v1/keys', {});
    const response = await fetch(`${posthorn.url}/v1/outcomes`, {
      headers: { authorization: `Bearer ${key}` },
    });
    const ended = response.text().then(() => performance.now());
    const deletedAt = performance.now();
    await call('DELETE', `/v1/keys/${id}`);

    expect((await ended) - deletedAt).toBeLessThan(1_500);
  });
});

describe('who waits for an event', () => {
  test('is answered 200 with its deliveries once all have settled', async () => {
    const { key } = await projectApart({ policy: { delays: ['1s'], timeout: '1s' } });
    const receiver = await receiverThat(500, 200);

    const answered = await posthorn.client.call('POST', '/v1/events?wait=10s', { key, body: to(receiver) });

    expect(answered).toMatchObject({
      status: 200,
      body: { status: 'delivered', deliveries: [{ status: 'delivered', attempts: 2 }] },
    });
  });

  test('is answered 202 with what is known when its time is up first', async () => {
    const { key } = await projectApart();
    const startedAt = performance.now();

    const answered = await posthorn.client.call('POST', '/v1/events?wait=1s', {
      key,
      body: to(await receiverThat(500)),
    });

    expect(answered).toMatchObject({
      status: 202,
      body: { status: 'pending', deliveries: [{ status: 'retrying', attempts: 1 }] },
    });
    const waited = performance.now() - startedAt;
    expect(waited).toBeGreaterThanOrEqual(1_000);
    expect(waited).toBeLessThan(2_000);
  });

  test('is answered by any process, whichever recorded the outcome', async () => {
    const { key } = await projectApart();
    const second = await startSecond();
    const receiver = await receiverThat(200);
    const body = JSON.stringify(to(receiver));
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };

    for (const url of [posthorn.url, second, posthorn.url, second]) {
      const response = await fetch(`${url}/v1/events?wait=10s`, { method: 'POST', headers, body });
      expect([response.status, ((await response.json()) as Event).status]).toEqual([200, 'delivered']);
    }
  });
});

test('the stream and who waits hear of an outcome within 100 ms of its commit', async () => {
  const { call, key } = await projectApart();
  const stream = await outcomesOf(key);
  const receiver = await receiverThat(200);
  const toWaiter: number[] = [];
  for (let n = 0; n < 20; n += 1) {
    const event = await call<Event>('POST', '/v1/events?wait=10s', to(receiver));
    const answeredAt = Date.now();
    await stream.until((outcomes) => settledEvents(outcomes).includes(event.id));
    toWaiter.push(answeredAt - Date.parse(stream.outcomes.at(-1)!.data.at));
  }

  const toStream = stream.outcomes.map(({ arrivedAt, data }) => arrivedAt - Date.parse(data.at));
  // The median: other suites share the machine. Without wake-ups it would be half a second.
  for (const latencies of [toStream, toWaiter]) {
    expect(latencies.sort((a, b) => a - b)[Math.floor(latencies.length / 2)]).toBeLessThan(SOON_MS);
  }
});

/** Streams show nothing that is younger than the server's oldest transaction, of whatever database. */
async function untilAllIsVisible(): Promise<void> {
  await eventually(async () => {
    const { rows } = await posthorn.database.pool.query<{ seen: boolean }>(
      'SELECT max(xid) < pg_snapshot_xmin(pg_current_snapshot()) AS seen FROM outcomes',
    );
    return rows[0]!.seen;
  });
}

/** Another API and worker on the same database: the second writer and the second reader. Its URL. */
async function startSecond(): Promise<string> {
  const log = createLogger({ level: 'silent', name: 'second' });
  const second: Service = await startService(posthorn.config, { api: true, worker: true }, { log });
  closers.push(second.close);
  await second.connected;
  return `http://127.0.0.1:${second.port}`;
}
