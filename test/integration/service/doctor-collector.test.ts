import { findFreePort } from '../../../src/embedded/free-port.ts';
import type { Check } from '../../../src/service/doctor/check.ts';
import { checkCollector } from '../../../src/service/doctor/check-collector.ts';
import { startReceiver } from '../../receivers/receiver.ts';

async function checkOf(url: string, timeoutMs?: number): Promise<Check> {
  const checks: Check[] = [];
  const headers = { authorization: 'Bearer s3cret' };
  for await (const check of checkCollector({ url: `${url}secret-path`, headers }, timeoutMs))
    checks.push(check);
  expect(JSON.stringify(checks)).not.toMatch(/s3cret|secret-path/);
  expect(checks).toHaveLength(1);
  return checks[0]!;
}

test.each([
  [200, 'ok', 'accepts spans', undefined],
  [401, 'warning', 'refuses access (401)', 'POSTHORN_OTLP_HEADERS'],
  [404, 'warning', 'does not accept spans (404)', 'POSTHORN_OTLP_URL'],
  [302, 'warning', 'does not accept spans (302)', 'POSTHORN_OTLP_URL'],
])('a collector that responds %s is %s', async (code, status, found, variable) => {
  const collector = await startReceiver([code]);
  const check = await checkOf(collector.url);
  await collector.close();

  expect(check).toMatchObject({ check: 'traces', status, found: expect.stringContaining(found) });
  expect(check.fix?.includes(variable!) ?? false).toBe(variable !== undefined);
  expect(collector.requests).toMatchObject([
    {
      method: 'POST',
      path: '/secret-path/v1/traces',
      headers: { authorization: 'Bearer s3cret', 'content-type': 'application/json' },
    },
  ]);
  expect(JSON.parse(collector.requests[0]!.body.toString())).toEqual({ resourceSpans: [] });
});

test('a collector that is away or does not respond is a warning, with the reason', async () => {
  expect(await checkOf(`http://127.0.0.1:${await findFreePort()}/`)).toMatchObject({
    status: 'warning',
    found: expect.stringContaining('cannot be reached (ECONNREFUSED)'),
  });
  const silent = await startReceiver([() => {}]);
  const check = await checkOf(silent.url, 200);
  await silent.close();
  expect(check).toMatchObject({ status: 'warning', found: expect.stringContaining('(no response)') });
});
