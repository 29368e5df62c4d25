import { setTimeout as sleep } from 'node:timers/promises';
import { pendingResponse } from '../../receivers/pending-response.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { type InterruptibleProxy, startInterruptibleProxy } from '../../replay/interruptible-proxy.ts';
import { eventually } from '../../set-up/eventually.ts';
import { createTestDatabase, type TestDatabase } from '../../set-up/servers/database.ts';
import { createTestNamespace, temporalAddress, temporalUiUrl } from '../../set-up/servers/temporal.ts';
import { eventTo } from '../../set-up/targets.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';
import { deliveryOf, untilStatus } from '../dispatch/delivery-commands-set-up.ts';

const receiverThat = receiversPerTest();
let database: TestDatabase;
let proxy: InterruptibleProxy;
let posthorn: TestPosthorn;

beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  proxy.resume();
  await posthorn.close();
  await proxy.close();
  await database.drop();
});

describe('while Temporal is down', () => {
  beforeEach(async () => {
    proxy = await startInterruptibleProxy(`http://${temporalAddress()}`);
    const namespace = await createTestNamespace();
    const temporal = {
      namespace,
      taskQueue: 'posthorn',
      address: new URL(proxy.url).host,
      uiUrl: temporalUiUrl(),
    };
    posthorn = await startTestPosthorn({ database, settings: { firstAttempt: 'express', temporal } });
    await posthorn.call('PATCH', '/v1/project', { policy: { delays: ['2s'] } });
    proxy.interrupt();
    await eventually(async () => (await posthorn.client.call('GET', '/readyz', {})).status === 503);
  });

  test('events are delivered, and what fails waits in Postgres until Temporal is back', async () => {
    const receiver = await receiverThat(200);
    const failing = await receiverThat(500, 200);
    const delivered = await posthorn.post(eventTo(receiver));
    const failed = await posthorn.post(eventTo(failing));

    expect(await posthorn.untilSettled(delivered.id)).toMatchObject({ status: 'delivered' });
    await untilStatus(posthorn, failed, 'retrying');
    await eventually(async () => {
      const { rows } = await database.pool.query(
        `SELECT FROM deliveries WHERE event_id = $1 AND owner IS NULL AND due_at < now()`,
        [failed.id],
      );
      return rows.length === 1;
    });
    expect(failing.requests).toHaveLength(1);
    proxy.resume();

    expect(await posthorn.untilSettled(failed.id)).toMatchObject({ status: 'delivered' });
    expect((await deliveryOf(posthorn, failed)).workflow!.id).not.toBeNull();
    expect(failing.requests).toHaveLength(2);
  });
});

describe('while Postgres is away', () => {
  beforeEach(async () => {
    proxy = await startInterruptibleProxy(database.url);
    posthorn = await startTestPosthorn({
      database,
      settings: { firstAttempt: 'express', databaseUrl: proxy.url },
    });
  });

  test.each([
    { responded: 200, seconds: 2, status: 'delivered' },
    { responded: 500, seconds: 2, status: 'retrying' },
    { responded: 200, seconds: 35, status: 'delivered' },
  ])(
    'a response $responded is kept in memory, and recorded when Postgres is back after $seconds s, without a second request',
    async ({ responded, seconds, status }) => {
      const { step, respond } = pendingResponse();
      const receiver = await receiverThat(step);
      const event = await posthorn.post(eventTo(receiver));
      await receiver.untilReceived(1);

      proxy.interrupt();
      respond(responded);
      await sleep(seconds * 1_000); // the length of the outage
      proxy.resume();

      await eventually(
        async () =>
          (await posthorn.client.call('GET', '/readyz', {})).status === 200 &&
          (await deliveryOf(posthorn, event)).status === status,
      );
      const { id } = await deliveryOf(posthorn, event);
      expect(await posthorn.attemptsOf(id)).toMatchObject([{ number: 1, statusCode: responded }]);
      expect(receiver.requests).toHaveLength(1);
    },
  );
});
