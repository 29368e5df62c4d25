import { findFreePort } from '../../../src/embedded/free-port.ts';
import { receiversPerTest } from '../../receivers/receivers-per-test.ts';
import { eventually } from '../../set-up/eventually.ts';
import { type Installation, installOnSharedServers } from '../installation/installation.ts';
import { nonEphemeralPort } from '../installation/own-servers.ts';
import {
  type BadOutput,
  endAllProcesses,
  startPosthornWithOutput,
} from '../installation/posthorn-process.ts';

const receiverThat = receiversPerTest();
let posthorn: Installation;

beforeEach(async () => {
  posthorn = await installOnSharedServers();
});
afterEach(async () => {
  await endAllProcesses();
  await posthorn.close();
});

/** Each call is a line at level debug; beside a reader that stopped they must be more than what waits for it. */
const CALLS: [BadOutput, number][] = [
  ['full', 500],
  ['gone', 500],
  ['unread', 8_000],
];

test.each(CALLS)(
  'with a standard output that is %s events are accepted and delivered, and lost lines are counted',
  async (output, calls) => {
    const metricsPort = await findFreePort(nonEphemeralPort());
    const child = startPosthornWithOutput(output, 'start', {
      ...posthorn.env,
      LOG_LEVEL: 'debug',
      POSTHORN_METRICS_PORT: String(metricsPort),
    });
    const { url } = posthorn.api;
    await eventually(
      () =>
        fetch(`${url}/readyz`).then(
          ({ ok }) => ok,
          () => false,
        ),
      30_000,
    );
    const receiver = await receiverThat();
    const project = await posthorn.api.newProject({ delays: [] });
    await posthorn.api.newEndpoint(project, receiver.url, ['*']);

    for (let done = 0; done < calls; done += 100)
      await Promise.all(Array.from({ length: 100 }, () => fetch(`${url}/healthz`).then((r) => r.text())));
    const event = await posthorn.api.call<{ status: string }>(project.key, 'POST', '/v1/events?wait=20s', {
      type: 'a.b',
      data: {},
    });

    expect(event.status).toBe('delivered');
    expect(receiver.requests).toHaveLength(1);
    expect(child.exitCode).toBeNull();
    const metrics = await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
    expect(Number(/^posthorn_log_lines_lost_total (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(100);

    child.kill('SIGTERM');
    await eventually(() => child.exitCode !== null || child.signalCode !== null);
    expect(child.exitCode).toBe(0);
  },
);
