import { standardWebhooks } from '../../../src/profiles/shipped/standard-webhooks.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { type Event, startTestPosthorn, type TestPosthorn } from '../../set-up/test-posthorn.ts';

type Numbered = Event & { sequence: number; body: string };

const receiverThat = receiversPerTest();
let posthorn: TestPosthorn;

beforeAll(async () => {
  posthorn = await startTestPosthorn();
  await posthorn.call('PUT', '/v1/profiles/numbered', {
    ...standardWebhooks,
    name: 'numbered',
    title: 'Numbered',
    body: { n: '$sequence', key: 'order-$sequence', data: '$data' },
    headers: { ...standardWebhooks.headers, 'x-sequence': '$sequence' },
  });
});
afterAll(() => posthorn.close());

const bodyOf = (sequence: number): string => `{"n":${sequence},"key":"order-${sequence}","data":{}}`;

test('receivers get the sequence in the body and in headers, as the API shows it', async () => {
  await posthorn.call('PATCH', '/v1/project', { profile: 'numbered' });
  const receiver = await receiverThat();
  await posthorn.newEndpoint(receiver.url, { events: ['a.numbered'] });

  const accepted = (await posthorn.post({ type: 'a.numbered', data: {} })) as Numbered;
  const batch = await posthorn.call<{ items: Numbered[] }>('POST', '/v1/events/batch', {
    events: [1, 2, 3].map(() => ({ type: 'a.numbered', data: {} })),
  });
  const events = [accepted, ...batch.items];
  const numbers = events.map(({ sequence }) => sequence);
  expect(numbers).toEqual([...numbers].sort((a, b) => a - b));

  for (const { id, sequence } of events)
    expect(await posthorn.untilSettled(id)).toMatchObject({
      status: 'delivered',
      sequence,
      body: bodyOf(sequence),
      deliveries: [{ sequence }],
    });
  expect(accepted.body).toBe(bodyOf(accepted.sequence));
  expect(receiver.requests.map(({ body }) => body.toString()).sort()).toEqual(numbers.map(bodyOf).sort());
  for (const { headers, body } of receiver.requests)
    expect(headers['x-sequence']).toBe(String(JSON.parse(body.toString()).n));
});
