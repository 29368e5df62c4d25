import { findFreePort } from '../../../src/embedded/free-port.ts';
import { foldPass } from '../../../src/store/statistics/fold-pass.ts';
import { eventually } from '../../set-up/eventually.ts';
import { differences as uncounted } from '../../store/statistics/statistics-set-up.ts';
import { apiClient } from '../installation/api-client.ts';
import { type EmbeddedInstallation, embeddedInstallation } from '../installation/embedded-installation.ts';
import { NO_DISCREPANCIES } from '../installation/ledger.ts';
import { EVENTS, type MixedStream, startMixedStream } from '../installation/mixed-stream.ts';
import { nonEphemeralPort } from '../installation/own-servers.ts';
import { endAllProcesses, startPosthorn } from '../installation/posthorn-process.ts';

const ADMIN_KEY = 'admin-key-of-the-tests-0123456789';

let installation: EmbeddedInstallation;
let stream: MixedStream | undefined;

beforeEach(() => {
  installation = embeddedInstallation();
});
afterEach(async () => {
  await stream?.close();
  await endAllProcesses();
  await installation.remove();
});

test('kill -9 of all processes at once loses nothing: the next start on the same data folder continues', async () => {
  const port = await findFreePort(nonEphemeralPort());
  const env = { ...installation.env, POSTHORN_PORT: String(port), POSTHORN_ADMIN_KEY: ADMIN_KEY };
  await startPosthorn('start', env).untilPrinted(/Posthorn is ready/);
  stream = await startMixedStream(apiClient(`http://127.0.0.1:${port}`, ADMIN_KEY));
  await stream.untilAcknowledged(EVENTS / 3);

  await installation.killEverything();
  const again = startPosthorn('start', env);
  await again.untilPrinted(/Posthorn is ready/);
  const pool = installation.openPool();
  await stream.untilDueIsDelivered(pool, new Date());

  const findings = await stream.audit(pool);
  expect(findings).toMatchObject({ ...NO_DISCREPANCIES, unbalanced: [] });
  // Each repeated request is visible: its first one has a row that says `unknown`.
  expect(findings.duplicates).toBeLessThanOrEqual(findings.unknown);

  // Each outcome is counted once, although a process that counts was killed.
  // Passes of this test go between those of the process, which may pause for a minute.
  await eventually(async () => {
    await foldPass(pool, null, 50_000);
    return (await uncounted(pool)).length === 0;
  }, 60_000);
  await pool.end();
  expect(await again.end('SIGTERM')).toBe(0);
});
