import { type Release, releaseWithNewStep } from '../faults/installation/changed-release.ts';
import { NO_DISCREPANCIES } from '../faults/installation/ledger.ts';
import type { MixedStream } from '../faults/installation/mixed-stream.ts';
import { type PosthornProcess, startLauncher } from '../faults/installation/posthorn-process.ts';
import { eventually } from '../set-up/eventually.ts';
import { clusterSuite } from './installation/cluster-suite.ts';

const suite = clusterSuite();
let release: Release | undefined;

afterEach(() => {
  release?.remove();
  release = undefined;
});

/** Stops the worker by SIGTERM while it has attempts in flight, which end when it has taken notice. */
async function stopInTheMiddle(worker: PosthornProcess, stream: MixedStream): Promise<void> {
  const respond = stream.holdResponses();
  await eventually(async () => (await suite.posthorn.inFlightOf(worker)) > 0);
  const ended = worker.end('SIGTERM');
  await worker.untilPrinted(/"stopping"/);
  respond();
  expect(await ended).toBe(0);
}

/** Replaces both workers, one after the other, each by one that starts beside it. */
async function replaceWorkers(
  stream: MixedStream,
  start?: (env: NodeJS.ProcessEnv) => PosthornProcess,
): Promise<void> {
  for (const worker of suite.posthorn.workers) {
    await suite.posthorn.addWorker(start);
    await stopInTheMiddle(worker, stream);
  }
  // The new ones alone carry these.
  await stream.untilAcknowledged(stream.acknowledged.size + 20);
}

async function expectNothingLostOrRepeated(stream: MixedStream): Promise<void> {
  const findings = await stream.audit(suite.posthorn.pool);
  expect(findings).toEqual({ ...NO_DISCREPANCIES, unbalanced: [], duplicates: 0, unknown: 0 });
  expect(new Set(stream.responses.map(({ status }) => status))).toEqual(new Set([202]));
}

test('a rolling restart of both workers under load loses nothing and repeats nothing', async () => {
  const stream = await suite.underLoad();

  await replaceWorkers(stream);

  await expectNothingLostOrRepeated(stream);
});

test('workers of two releases with compatible workflows, side by side, lose nothing and repeat nothing', async () => {
  release = releaseWithNewStep('new workflows');
  const stream = await suite.underLoad();

  await replaceWorkers(stream, (env) => startLauncher(release!.cli, 'worker', env));

  await expectNothingLostOrRepeated(stream);
});

test('with incompatible workflows, they lose nothing and repeat nothing either, though workflows fail', async () => {
  release = releaseWithNewStep('all workflows');
  const stream = await suite.underLoad();

  await replaceWorkers(stream, (env) => startLauncher(release!.cli, 'worker', env));

  await expectNothingLostOrRepeated(stream);
  const logs = suite.posthorn.apis.map((api) => api.output()).join();
  expect(logs).toContain('"failure":"Nondeterminism"');
});
