import { type Receiver, startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';
import { stageFailures } from './stage-failures.ts';

type Recovery = { id: string; status: string; open: number };

let posthorn: TestPosthorn;
let receiver: Receiver;
beforeAll(async () => {
  posthorn = await startTestPosthorn();
  receiver = await startReceiver([200]);
});
afterAll(async () => {
  await posthorn.close();
  await receiver.close();
});

test('a recovery sends each once, and keeps its rate', async () => {
  const { id: endpoint } = await posthorn.newEndpoint(receiver.url);
  await stageFailures(posthorn.database.pool, { project: posthorn.project.id, endpoint }, 1_000);
  const since = new Date(Date.now() - 2 * 3_600_000).toISOString();
  const startedAt = Date.now();
  const { id } = await posthorn.call<Recovery>('POST', '/v1/recoveries', {
    what: 'failed',
    since,
    rate: 100,
  });
  const recovery = () => posthorn.call<Recovery>('GET', `/v1/recoveries/${id}`);
  await eventually(async () => {
    const { status, open } = await recovery();
    return status === 'done' && open === 0;
  }, 60_000);

  expect(await recovery()).toMatchObject({ total: 1_000, done: 1_000, delivered: 1_000, skipped: 0 });
  const ids = receiver.requests.map(({ headers }) => headers['webhook-id']);
  expect([ids.length, new Set(ids).size]).toEqual([1_000, 1_000]);
  // Ten seconds at its rate. A busy machine takes longer; at half the rate it would not be the machine.
  const tookMs = Math.max(...receiver.requests.map(({ receivedAt }) => receivedAt)) - startedAt;
  expect(tookMs).toBeGreaterThanOrEqual(9_990);
  expect(tookMs).toBeLessThan(20_000);
});
