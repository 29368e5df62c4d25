import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { Acceptor } from '../../../src/api/ports.ts';
import type { ReserveRetry } from '../../../src/attempts/retry-reservation.ts';
import { createAcceptor } from '../../../src/dispatch/accept/acceptor.ts';
import { createExpressAttempts, type ExpressAttempts } from '../../../src/express/express-attempts.ts';
import { createExpressCapacity } from '../../../src/express/express-capacity.ts';
import type { SecretBox } from '../../../src/secrets/secret-box.ts';
import { assignDue } from '../../../src/store/deliveries/assignments/assign-due.ts';
import { releaseLost } from '../../../src/store/deliveries/reconciliation.ts';
import { recordHeartbeat } from '../../../src/store/processes/processes.ts';
import { type SeededStore, secretBox } from '../../store/seed.ts';
import {
  deadlineIn,
  startTestEngine,
  type TestEngine,
  type TestEngineOptions,
} from '../attempts/attempt-engine-set-up.ts';
import { recordingReserve } from '../dispatch/recording-reserve.ts';

const PROCESS = 'prc_express';

export type TestExpress = {
  express: ExpressAttempts;
  acceptor: Acceptor;
  engine: TestEngine;
  /** Deliveries of which a claim may be open and no workflow carries on. */
  handedOver: string[];
  /** Assigns what is due in Postgres to a workflow, and makes its attempts. Returns the number of deliveries. */
  attemptDue(): Promise<number>;
  /** Deliveries whose claim is open. */
  openClaims(): Promise<number>;
  close(): Promise<void>;
};

/** No workflow: a failed delivery waits in Postgres. */
const withoutWorkflow: ReserveRetry = () => ({ owner: null, commit: () => {}, release: () => {} });

/** `box` opens the secrets that are stored. */
export type TestExpressOptions = TestEngineOptions & { pool?: pg.Pool; box?: SecretBox };

/** First attempts without a workflow on a real Postgres and real sockets. `pool` is that of the acceptor only. */
export async function startTestExpress(
  store: SeededStore,
  { pool = store.pool, box = secretBox, ...engineOptions }: TestExpressOptions = {},
): Promise<TestExpress> {
  await recordHeartbeat(store.pool, { id: PROCESS, role: 'start', host: 'here', pid: 1 });
  const engine = startTestEngine(store.pool, box, { ...engineOptions, processId: PROCESS });
  const handedOver: string[] = [];
  const express = createExpressAttempts({
    engine,
    limiter: engine.limiter,
    capacity: createExpressCapacity(1_024),
    processId: () => PROCESS,
    otherwise: recordingReserve().reserve,
    reserveRetry: withoutWorkflow,
    async handOver(owner, id) {
      await releaseLost(store.pool, owner, [id]);
      handedOver.push(id);
    },
    onStored: () => {},
    onFailure: (error) => void engine.failures.push(error),
  });
  return {
    express,
    engine,
    handedOver,
    acceptor: createAcceptor({
      pool,
      box: secretBox,
      reserve: express.reserve,
      withDetails: true,
      processId: PROCESS,
    }),
    async attemptDue() {
      const assignment = await assignDue(store.pool, store.project, {
        maxDeliveries: 100,
        minDeliveries: 1,
        grouping: true,
        uuid: randomUUID(),
      });
      if (!assignment) return 0;
      await engine.run(assignment.deliveries, assignment.workflowId, deadlineIn(10_000));
      return assignment.deliveries.length;
    },
    async openClaims() {
      const { open } = await store.queryOne<{ open: number }>(
        'SELECT count(*)::int AS open FROM deliveries WHERE claimed_at IS NOT NULL',
      );
      return open;
    },
    async close() {
      await express.close();
      await engine.close();
    },
  };
}
