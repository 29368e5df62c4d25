import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startReceiver } from '../../receivers/receiver.ts';

test('a proxy in the environment gets no request: the checked address is dialed', async () => {
  const [receiver, proxy] = [await startReceiver(), await startReceiver()];
  const outbound = join(__dirname, '../../../src/egress/outbound.ts');
  const guard = join(__dirname, '../../../src/egress/addresses/address-guard.ts');
  const program = `
    import { createOutbound } from ${JSON.stringify(outbound)};
    import { createAddressGuard } from ${JSON.stringify(guard)};
    const outbound = createOutbound({ guard: createAddressGuard(['127.0.0.0/8']) });
    const result = await outbound.post({
      url: ${JSON.stringify(receiver.url)}, headers: {}, body: Buffer.from('{}'),
      timeoutMs: 5_000, startBy: performance.now() + 5_000, projectId: 'project', poolKey: 'tenant',
    });
    await outbound.close();
    console.log(result.outcome);
  `;
  const proxied = {
    http_proxy: proxy.url,
    HTTP_PROXY: proxy.url,
    ALL_PROXY: proxy.url,
    NODE_USE_ENV_PROXY: '1',
  };

  const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...process.env, ...proxied, no_proxy: '', NO_PROXY: '' },
  });

  expect(stdout.trim()).toBe('delivered');
  expect(proxy.connections()).toBe(0);
  expect(receiver.requests).toHaveLength(1);
  await Promise.all([receiver.close(), proxy.close()]);
});
