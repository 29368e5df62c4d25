import { type Installation, installOn } from '../installation/installation.ts';
import { NO_DISCREPANCIES } from '../installation/ledger.ts';
import {
  EVENTS,
  type MixedStream,
  type StreamOptions,
  startMixedStream,
} from '../installation/mixed-stream.ts';
import { type OwnServers, startOwnServers } from '../installation/own-servers.ts';
import { endAllProcesses } from '../installation/posthorn-process.ts';

export type KillSuite = {
  servers: OwnServers;
  posthorn: Installation;
  /** Ends with the test. */
  startStream(options?: StreamOptions): Promise<MixedStream>;
  /** A stream of which a third is acknowledged. */
  inTheMiddleOfAStream(): Promise<MixedStream>;
};

export const BALANCED = { ...NO_DISCREPANCIES, unbalanced: [] };

/** Servers that the tests of a file can kill, and an installation for each test. The members exist while a test runs. */
export function killSuite(): KillSuite {
  let stream: MixedStream | undefined;
  const suite = {
    async startStream(options) {
      stream = await startMixedStream(suite.posthorn.api, options);
      return stream;
    },
    async inTheMiddleOfAStream() {
      const started = await suite.startStream();
      await started.untilAcknowledged(EVENTS / 3);
      return started;
    },
  } as KillSuite;

  beforeAll(async () => {
    suite.servers = await startOwnServers();
  });
  beforeEach(async () => {
    suite.posthorn = await installOn(suite.servers);
  });
  afterEach(async () => {
    await stream?.close();
    stream = undefined;
    await endAllProcesses();
    await suite.posthorn.close();
  });
  afterAll(() => suite.servers.stop());
  return suite;
}

/** Temporal's client fails after 5.5 s: each post that waited for it would take that long. */
export function expectNotToWaitForTemporal(responses: { seconds: number }[]): void {
  const seconds = responses.map((response) => response.seconds).sort((a, b) => a - b);
  expect(seconds[Math.floor(seconds.length / 2)]).toBeLessThan(4);
}
