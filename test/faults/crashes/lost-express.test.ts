import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { findFreePort } from '../../../src/embedded/free-port.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type Installation, installOnSharedServers } from '../installation/installation.ts';
import { countInFlight, NO_DISCREPANCIES, untilAllDelivered } from '../installation/ledger.ts';
import { startMixedStream } from '../installation/mixed-stream.ts';
import { nonEphemeralPort } from '../installation/own-servers.ts';
import { endAllProcesses, type PosthornProcess } from '../installation/posthorn-process.ts';
import { type StalledReceiver, startStalledReceiver } from '../installation/stalled-receiver.ts';

const IN_FLIGHT = 20;
const KILLS = 3;
const EXPRESS = { POSTHORN_FIRST_ATTEMPT: 'express' };

let posthorn: Installation;

beforeEach(async () => {
  posthorn = await installOnSharedServers();
});
afterEach(async () => {
  await endAllProcesses();
  await posthorn.close();
});

const countOutcomes = async () =>
  (await posthorn.pool.query('SELECT outcome, count(*)::int AS n FROM attempts GROUP BY 1 ORDER BY 1')).rows;

test('kill -9 at any moments loses nothing that was acknowledged, and repeats only interrupted attempts', async () => {
  let process = await posthorn.startBoth(EXPRESS);
  const stream = await startMixedStream(posthorn.api);
  let interrupted = 0;
  for (let n = 0; n < KILLS; n++) {
    await stream.untilAcknowledged(n * 60);
    await sleep(randomInt(300)); // a moment by chance
    await process.end('SIGKILL');
    await posthorn.untilDisconnected(process);
    interrupted += await countInFlight(posthorn.pool);
    process = await posthorn.startBoth(EXPRESS);
  }
  await stream.untilDueIsDelivered(posthorn.pool, new Date());

  const findings = await stream.audit(posthorn.pool);
  expect(findings).toMatchObject({ ...NO_DISCREPANCIES, unbalanced: [] });
  expect(findings.duplicates).toBeLessThanOrEqual(findings.unknown);
  expect(findings.unknown).toBeLessThanOrEqual(interrupted);
  await stream.close();
}, 600_000);

describe('of two processes, one has attempts under way to a receiver that does not respond', () => {
  let receiver: StalledReceiver;
  let busy: PosthornProcess;

  beforeEach(async () => {
    receiver = await startStalledReceiver();
    busy = await posthorn.startBoth(EXPRESS);
    // Before the posts: a start on a busy machine takes long, and the requests time out after 60 s.
    const port = String(await findFreePort(nonEphemeralPort()));
    await posthorn.startBoth({ ...EXPRESS, POSTHORN_PORT: port });
    const project = await posthorn.api.newProject({ timeout: '60s' });
    await posthorn.api.newEndpoint(project, receiver.url, ['*']);
    await Promise.all(
      Array.from({ length: IN_FLIGHT }, () =>
        posthorn.api.call(project.key, 'POST', '/v1/events', { type: 'a.b', data: {} }),
      ),
    );
    await receiver.untilReceived(IN_FLIGHT);
    const { rows } = await posthorn.pool.query(
      `SELECT FROM deliveries WHERE starts_with(owner, 'express/') AND epoch = 1 AND claimed_at IS NOT NULL`,
    );
    expect(rows).toHaveLength(IN_FLIGHT);
  });
  afterEach(async () => {
    receiver.respond();
    await receiver.close();
  });

  test('if it is killed, its attempts become unknown, and the other repeats them before they are overdue', async () => {
    await busy.end('SIGKILL');
    await receiver.untilReceived(2 * IN_FLIGHT, 60_000); // overdue after 90 s
    receiver.respond();
    await untilAllDelivered(posthorn.pool, 60_000);

    expect(await countOutcomes()).toEqual([
      { outcome: 'delivered', n: IN_FLIGHT },
      { outcome: 'unknown', n: IN_FLIGHT },
    ]);
    expect(receiver.requests).toHaveLength(2 * IN_FLIGHT);
  });

  test('if it is stopped for 15 s and the receiver takes 45 s, nothing is sent twice', async () => {
    const startedAt = performance.now();
    process.kill(busy.pid, 'SIGSTOP');
    await eventually(() => performance.now() - startedAt > 15_000);
    process.kill(busy.pid, 'SIGCONT');
    await eventually(() => performance.now() - startedAt > 45_000);
    receiver.respond();
    await untilAllDelivered(posthorn.pool, 60_000);

    expect(await countOutcomes()).toEqual([{ outcome: 'delivered', n: IN_FLIGHT }]);
    expect(receiver.requests).toHaveLength(IN_FLIGHT);
  });

  test('if it is asked to stop, its attempts end and are recorded', async () => {
    const ended = busy.end('SIGTERM');
    await busy.untilPrinted(/Stopping|"stopping"/);
    expect(await countInFlight(posthorn.pool)).toBe(IN_FLIGHT);
    receiver.respond();

    expect(await ended).toBe(0);
    expect(await countOutcomes()).toEqual([{ outcome: 'delivered', n: IN_FLIGHT }]);
    expect(receiver.requests).toHaveLength(IN_FLIGHT);
  });
});
