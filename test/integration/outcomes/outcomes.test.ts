import { removeOutcomes } from '../../../src/store/events/retention.ts';
import { openOutcomes } from '../../set-up/outcome-stream.ts';
import { eventTo, SECRET } from '../../set-up/targets.ts';
import type { Delivery, Event } from '../../set-up/test-posthorn.ts';
import {
  newProject,
  outcomesOf,
  positionOf,
  posthorn,
  receiverThat,
  settledEvents,
  startSecond,
  untilAllIsVisible,
  writtenOutcomes,
} from './outcomes-set-up.ts';

describe('the stream', () => {
  test('reports what happened to an event, in order and with every member', async () => {
    const { call, key } = await newProject({ policy: { delays: ['1s'] } });
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
    const { items: attempts } = await call<{
      items: { number: number; startedAt: string; durationMs: number }[];
    }>('GET', `/v1/deliveries/${delivery.id}/attempts`);
    const { startedAt, durationMs } = attempts.find(({ number }) => number === 1)!;
    const delayMs = Date.parse(failed!.data.nextAttemptAt!) - (Date.parse(startedAt) + durationMs);
    expect(delayMs).toBeGreaterThanOrEqual(1_000 - 5); // times are stored in whole milliseconds
    expect(delayMs).toBeLessThan(1_000 + 5_000);
  });

  test('reports why a delivery was cancelled or is undeliverable', async () => {
    const { call, key } = await newProject({ policy: { delays: [] } });
    const stream = await outcomesOf(key);
    const { promise: mayRespond, resolve: allowResponse } = Promise.withResolvers<void>();
    const slow = await receiverThat(async (_request, response) => {
      await mayRespond;
      response.writeHead(500).end();
    });
    const cancelled = await call<Event>('POST', '/v1/events', eventTo(slow));
    await slow.untilReceived(1);
    const [delivery] = (await call<Event>('GET', `/v1/events/${cancelled.id}`)).deliveries as [Delivery];
    await call('POST', `/v1/deliveries/${delivery.id}/cancel`);
    allowResponse();
    const undeliverable = await call<Event>('POST', '/v1/events', eventTo(await receiverThat(404)));
    await stream.until((outcomes) => settledEvents(outcomes).length === 2);

    const reported = (event: Event) =>
      stream.outcomes
        .filter(({ data }) => data.event === event.id)
        .map(({ kind, data }) => [kind, data.status, data.reason]);
    expect(reported(cancelled)).toEqual([
      ['attempt.failed', 'cancelled', undefined],
      ['delivery.cancelled', 'cancelled', 'cancelled'],
      ['event.settled', 'cancelled', undefined],
    ]);
    expect(reported(undeliverable)).toEqual([
      ['attempt.failed', 'undeliverable', undefined],
      ['delivery.undeliverable', 'undeliverable', 'exhausted'],
      ['event.settled', 'undeliverable', undefined],
    ]);
  });

  test('starts with outcomes after it was opened and can be resumed before the first one', async () => {
    const { call, key } = await newProject();
    const receiver = await receiverThat(200);
    const before = await call<Event>('POST', '/v1/events?wait=30s', eventTo(receiver));
    await untilAllIsVisible();
    const first = await outcomesOf(key);
    await first.close();
    const missed = await call<Event>('POST', '/v1/events?wait=30s', eventTo(receiver));

    const resumed = await outcomesOf(key, first.lastEventId()!);
    await resumed.until((outcomes) => settledEvents(outcomes).length > 0);

    expect(settledEvents(resumed.outcomes)).toEqual([missed.id]);
    expect(settledEvents(resumed.outcomes)).not.toContain(before.id);
  });

  test('has no gaps or duplicates when resumed repeatedly while several processes write', async () => {
    const { id: projectId, call, key } = await newProject({ policy: { delays: ['1s'] } });
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
          await call('POST', '/v1/events', eventTo(receiver, { data: n % 5 === 0 ? 'fail' : writer }));
        }
      }),
    );
    let settled = 0;
    while (settled < offered) {
      const stream = await openOutcomes(read.length % 2 === 0 ? posthorn.url : second, key, last);
      await stream.until((outcomes) => outcomes.length >= 25, 400).catch(() => {});
      await stream.close();
      read.push(...stream.outcomes.map(positionOf));
      settled += settledEvents(stream.outcomes).length;
      last = stream.lastEventId()!;
    }
    await posting;

    expect(read).toEqual(await writtenOutcomes(projectId));
  });

  test('does not skip an outcome whose transaction commits after later ones', async () => {
    const { id: projectId, call, key } = await newProject();
    const stream = await outcomesOf(key);
    const late = await posthorn.database.pool.connect();
    await late.query('BEGIN');
    await late.query(
      `INSERT INTO outcomes (project_id, kind, event_id, status) VALUES ($1, 'event.settled', 'late', 'delivered')`,
      [projectId],
    );
    const receiver = await receiverThat(200);
    const event = await call<Event>('POST', '/v1/events?wait=30s', eventTo(receiver));
    expect(settledEvents(stream.outcomes)).toEqual([]);
    await late.query('COMMIT');
    late.release();

    await stream.until((outcomes) => settledEvents(outcomes).length === 2);
    expect(settledEvents(stream.outcomes)).toEqual(['late', event.id]);
  });

  test('returns 410 for a cursor from another database or older than retention', async () => {
    const { call, key } = await newProject();
    const old = (await outcomesOf(key)).lastEventId()!;
    await call('POST', '/v1/events?wait=30s', eventTo(await receiverThat(200)));
    const [, ...position] = old.split('.');

    expect((await outcomesOf(key, ['00000000', ...position].join('.'))).status).toBe(410);
    expect((await outcomesOf(key, 'not-a-cursor')).status).toBe(410);
    expect((await outcomesOf(key, old)).status).toBe(200);

    // Until then a new stream would start below the outcomes that were removed, and end at once.
    await untilAllIsVisible();
    await removeOutcomes(posthorn.database.pool, new Date(Date.now() + 60_000));
    expect((await outcomesOf(key, old)).status).toBe(410);
    expect((await outcomesOf(key)).status).toBe(200);
  });

  test('shows a consumer key only its own outcomes', async () => {
    const { call, key } = await newProject();
    const other = await newProject();
    const receiver = await receiverThat(200);
    for (const consumer of ['acme', 'globex']) {
      await call('POST', '/v1/endpoints', { url: receiver.url, consumer });
    }
    const acme = await call<{ key: string }>('POST', '/v1/keys', { consumer: 'acme' });
    const [acmeStream, projectStream, otherStream] = await Promise.all(
      [acme.key, key, other.key].map((one) => outcomesOf(one)),
    );
    const post = (consumer?: string) =>
      call<Event>('POST', '/v1/events?wait=30s', {
        type: 'a.b',
        data: {},
        ...(consumer ? { consumer } : { target: { url: receiver.url, secret: SECRET } }),
      });
    const events = [await post('globex'), await post(), await post('acme')];

    await projectStream!.until((outcomes) => settledEvents(outcomes).length === 3);
    await acmeStream!.until((outcomes) => settledEvents(outcomes).length === 1);
    expect(new Set(acmeStream!.outcomes.map(({ data }) => data.event))).toEqual(new Set([events[2]!.id]));
    expect(otherStream!.outcomes).toEqual([]);
  });

  test('ends after its key is deleted', async () => {
    const { call } = await newProject();
    const { id, key } = await call<{ id: string; key: string }>('POST', '/v1/keys', {});
    const response = await fetch(`${posthorn.url}/v1/outcomes`, {
      headers: { authorization: `Bearer ${key}` },
    });
    const ended = response.text();
    await call('DELETE', `/v1/keys/${id}`);

    await ended;
  });
});
