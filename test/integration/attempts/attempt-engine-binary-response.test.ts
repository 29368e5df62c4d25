import { type AddressInfo, createServer, type Server } from 'node:net';
import { assignDue } from '../../../src/store/deliveries/assignments/assign-due.ts';
import { SECRET } from '../../set-up/targets.ts';
import { startTestApi } from '../../set-up/test-api.ts';
import { deadlineIn, firstSteps, startTestEngine } from './attempt-engine-set-up.ts';

test('a response with NULs and bytes that are not text is stored and can be read through the API', async () => {
  const api = await startTestApi();
  const engine = startTestEngine(api.database.pool, api.secretBox);
  const raw = await startRawServer(
    Buffer.concat([
      Buffer.from('HTTP/1.1 500 No\r\nx-odd: caf\xe9\r\ncontent-length: 9\r\n\r\n', 'latin1'),
      Buffer.from([0, 0xff, 0xfe, 0x41, 0, 0xc3, 0x28, 0xed, 0xa0]),
    ]),
  );
  try {
    const { id: project, key } = await api.newProject();
    const { port } = raw.address() as AddressInfo;
    const secret = SECRET;
    const body = { type: 'a.b', data: {}, target: { url: `http://127.0.0.1:${port}/`, secret } };
    await api.call('POST', '/v1/events', { key, body });
    const { pool } = api.database;
    const assignment = await assignDue(pool, project, {
      maxDeliveries: 1,
      minDeliveries: 1,
      grouping: true,
      uuid: 'one',
    });
    const { id } = assignment!.deliveries[0]!;

    await engine.run(firstSteps([id]), assignment!.workflowId, deadlineIn(10_000));

    const response = await api.call('GET', `/v1/deliveries/${id}/attempts`, { key });
    expect(response.status).toBe(200);
    const [attempt] = (response.body as { items: { outcome: string; response: { body: string } }[] }).items;
    expect(attempt).toMatchObject({ outcome: 'rejected', statusCode: 500, number: 1 });
    expect(attempt!.response.body).toContain('\u0000');
    expect(attempt!.response.body).toContain('A');
    expect(engine.failures).toEqual([]);
  } finally {
    raw.close();
    await engine.close();
    await api.close();
  }
});

/** Responds to the first bytes of any connection with `response`. */
async function startRawServer(response: Buffer): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
