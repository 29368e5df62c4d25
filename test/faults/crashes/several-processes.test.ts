import { findFreePort } from '../../../src/embedded/free-port.ts';
import { type Installation, installOnSharedServers } from '../installation/installation.ts';
import { NO_DISCREPANCIES } from '../installation/ledger.ts';
import { startMixedStream } from '../installation/mixed-stream.ts';
import { nonEphemeralPort } from '../installation/own-servers.ts';
import { endAllProcesses } from '../installation/posthorn-process.ts';

let posthorn: Installation;

beforeEach(async () => {
  posthorn = await installOnSharedServers();
});
afterEach(async () => {
  await endAllProcesses();
  await posthorn.close();
});

test('two APIs and two workers on one Postgres and one Temporal deliver a load once', async () => {
  const port = await findFreePort(nonEphemeralPort());
  await Promise.all([posthorn.startAll(), posthorn.startAll({ POSTHORN_PORT: String(port) })]);
  const stream = await startMixedStream(posthorn.api, {
    apiUrls: [posthorn.api.url, `http://127.0.0.1:${port}`],
  });

  const findings = await stream.audit(posthorn.pool);

  expect(findings).toEqual({ ...NO_DISCREPANCIES, unbalanced: [], duplicates: 0, unknown: 0 });
  expect(new Set(stream.responses.map(({ status }) => status))).toEqual(new Set([202]));
  await stream.close();
});
