import { pendingResponse } from '../../receivers/pending-response.ts';
import { type Receiver, type ScriptStep, startReceiver } from '../../receivers/receiver.ts';
import { eventually } from '../../set-up/eventually.ts';
import type { Project } from '../installation/api-client.ts';
import { type Installation, inOwnInstallation } from '../installation/installation.ts';
import type { PosthornProcess } from '../installation/posthorn-process.ts';

/* Processes are killed with SIGKILL between what a receiver says and what follows from it. */

/* The tests run at the same time, each in an installation of its own, because each waits for most of its time. */

type Scene = {
  posthorn: Installation;
  receiver: Receiver;
  project: Project;
  /** Stores settings of the project. */
  patch(settings: object): Promise<unknown>;
  post(count: number): Promise<unknown>;
  /** Status and reason of all deliveries. */
  deliveries(): Promise<string[]>;
  areAll(state: string): Promise<boolean>;
  /** What its owner has been told. */
  told(): Promise<string[]>;
  /** Attempts of each delivery, without gaps in their numbers. */
  attemptNumbers(): Promise<number[][]>;
};

/** With an API and so many workers, a project and no endpoint. */
const onStage = (
  { script, workers: count, policy }: { script: ScriptStep[]; workers: number; policy: object },
  play: (scene: Scene, api: PosthornProcess, workers: PosthornProcess[]) => Promise<void>,
): Promise<void> =>
  inOwnInstallation(
    () => startReceiver(script),
    async (posthorn, receiver) => {
      const [api, ...workers] = await Promise.all([
        posthorn.startApi(),
        ...Array.from({ length: count }, () => posthorn.startWorker()),
      ]);
      await play(sceneOf(posthorn, receiver, await posthorn.api.newProject(policy)), api, workers);
    },
  );

function sceneOf(posthorn: Installation, receiver: Receiver, project: Project): Scene {
  const call = (method: string, path: string, body: object) =>
    posthorn.api.call(project.key, method, path, body);
  const rowsOf = async (query: string) => (await posthorn.pool.query(query)).rows;
  const deliveries = async (): Promise<string[]> => {
    const rows = await rowsOf(`SELECT concat_ws(' ', status, reason) AS state FROM deliveries ORDER BY id`);
    return rows.map(({ state }) => state);
  };
  return {
    posthorn,
    receiver,
    project,
    patch: (settings) => call('PATCH', '/v1/project', settings),
    post: (count) =>
      Promise.all(Array.from({ length: count }, () => call('POST', '/v1/events', { type: 'a.b', data: {} }))),
    deliveries,
    areAll: async (state) => (await deliveries()).every((found) => found === state),
    told: async () =>
      (await rowsOf('SELECT type FROM operational_events ORDER BY created_at')).map(({ type }) => type),
    attemptNumbers: async () =>
      (
        await rowsOf(
          `SELECT array_agg(a.number ORDER BY a.number) AS numbers
           FROM deliveries d JOIN attempts a ON a.delivery_id = d.id GROUP BY d.id ORDER BY d.id`,
        )
      ).map(({ numbers }) => numbers),
  };
}

test.concurrent('open deliveries of an endpoint that is gone end, although every process dies after the 410', () => {
  const gone = pendingResponse();
  const script = [...Array<ScriptStep>(20).fill(500), gone.step];
  return onStage({ script, workers: 1, policy: { delays: ['1h'] } }, async (scene, api, [worker]) => {
    const { posthorn, receiver, project, post, deliveries, areAll, told } = scene;
    await posthorn.api.newEndpoint(project, receiver.url, ['*']);
    await post(20);
    await eventually(() => areAll('retrying'));
    await post(1);
    await receiver.untilReceived(21);
    // Only a process with the API ends deliveries in the background.
    await api.end('SIGKILL');
    gone.respond(410);
    await eventually(async () => (await told()).length > 0);
    await worker!.end('SIGKILL');
    expect((await deliveries()).filter((state) => state === 'retrying')).toHaveLength(20);

    await posthorn.startAll();
    await eventually(() => areAll('undeliverable gone'));

    expect(await told()).toEqual(['endpoint.disabled']);
    expect(receiver.requests).toHaveLength(21);
    const { rows } = await posthorn.pool.query('SELECT DISTINCT status, open_count FROM events');
    expect(rows).toEqual([{ status: 'undeliverable', open_count: 0 }]);
  });
});

test.concurrent('an endpoint waits as its receiver has asked, although the worker that heard it dies', () => {
  const wait: ScriptStep = (_request, response) =>
    void response.writeHead(503, { 'Retry-After': '12' }).end();
  const policy = { delays: ['1s', '1s', '1s'] };
  return onStage({ script: [wait, 200], workers: 1, policy }, async (scene, _api, [worker]) => {
    const { posthorn, receiver, project, post, areAll, attemptNumbers } = scene;
    await posthorn.api.newEndpoint(project, receiver.url, ['*']);
    await post(1);
    await eventually(async () => (await attemptNumbers()).length === 1);
    const respondedAt = receiver.requests[0]!.receivedAt;
    await worker!.end('SIGKILL');
    await post(3);
    await posthorn.startWorker();

    await eventually(() => areAll('delivered'), 90_000);

    for (const { receivedAt } of receiver.requests.slice(1))
      expect(receivedAt - respondedAt).toBeGreaterThanOrEqual(11_900);
    expect(receiver.requests).toHaveLength(5);
    expect(await attemptNumbers()).toEqual([[1, 2], [1], [1], [1]]);
  });
});

test.concurrent('a cool-down goes on with another worker when the one that sends the probe dies, and nothing is lost', () => {
  const DELIVERIES = 10;
  let isDown = true;
  let isProbing = false;
  const respond: ScriptStep = (_request, response) => {
    // The probe gets no response.
    if (!isProbing) response.writeHead(isDown ? 500 : 200).end();
    isProbing = false;
  };
  const policy = { delays: Array(10).fill('1s'), timeout: '30s' };
  return onStage({ script: [respond], workers: 2, policy }, async (scene, _api, workers) => {
    const { posthorn, receiver, project, patch, post, areAll, attemptNumbers } = scene;
    await patch({
      failures: {
        coolDownAfter: '1s',
        probeEvery: '3s',
        warnAfter: '0',
        warnAgainAfter: '0',
        disableAfter: '0',
      },
    });
    const { id } = await posthorn.api.newEndpoint(project, receiver.url, ['*']);
    await post(DELIVERIES);
    const health = async () =>
      (await posthorn.api.call<{ health: { status: string } }>(project.key, 'GET', `/v1/endpoints/${id}`))
        .health;
    await eventually(async () => (await health()).status === 'cooling_down');
    await eventually(async () => {
      const { rows } = await posthorn.pool.query('SELECT sum(attempts)::int AS n FROM deliveries');
      return rows[0].n === receiver.requests.length;
    });
    isProbing = true;
    const before = receiver.requests.length;
    await receiver.untilReceived(before + 1);

    const { rows } = await posthorn.pool.query<{ pid: number }>(
      `SELECT p.pid FROM deliveries d JOIN processes p ON p.id = d.process_id WHERE d.claimed_at IS NOT NULL`,
    );
    expect(rows).toHaveLength(1);
    const [prober] = workers.filter(({ pid }) => pid === rows[0]!.pid);
    await prober!.end('SIGKILL');
    await receiver.untilReceived(before + 2);
    expect((await health()).status).toBe('cooling_down');
    isDown = false;

    await eventually(() => areAll('delivered'), 90_000);
    await eventually(async () => (await health()).status === 'healthy');
    for (const numbers of await attemptNumbers())
      expect(numbers).toEqual(numbers.map((_number, index) => index + 1));
  });
});
