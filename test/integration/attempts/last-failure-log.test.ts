import { createLogger } from '../../../src/observability/log.ts';
import { startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import { startTestPosthorn } from '../../set-up/test-posthorn.ts';

test('a delivery whose last attempt fails is logged in one line, with the word of its provider and without its URL', async () => {
  const lines: string[] = [];
  const log = createLogger({ level: 'info', name: 'test' }, { write: (line) => void lines.push(line) });
  const posthorn = await startTestPosthorn({ log });
  const receiver = await startReceiver(Array(10).fill(500));
  try {
    const policy = { delays: ['0s'] };
    const { id: projectId, key } = await posthorn.newProject({ profile: 'canvelete', policy });
    const call = async (path: string, body: object) =>
      (await posthorn.client.call('POST', path, { key, body })).body as { id: string; status: string };
    const endpoint = await call('/v1/endpoints', { url: receiver.url });
    const data = { designId: 'canary' };
    const event = await call('/v1/events?wait=30s', { type: 'design.deleted', data });
    expect(event.status).toBe('undeliverable');

    const logged = () => lines.filter((line) => line.includes('the last attempt of a delivery failed'));
    await eventually(async () => logged().length > 0);
    expect(logged().map((line) => JSON.parse(line))).toEqual([
      expect.objectContaining({
        level: 'info',
        projectId,
        eventId: event.id,
        endpointId: endpoint.id,
        deliveryId: expect.stringMatching(/^dlv_/),
        label: 'failed',
      }),
    ]);
    expect(logged().join('')).not.toContain('canary');
    expect(logged().join('')).not.toContain(new URL(receiver.url).host);
  } finally {
    await receiver.close();
    await posthorn.close();
  }
});
