import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { DeliveryCommands } from '../api/ports.ts';
import { sweepEndpoint } from '../background/endpoint-sweep.ts';
import { releaseLost } from '../store/deliveries/reconciliation.ts';
import { cancelDelivery, retryDelivery } from '../store/deliveries/retry-and-cancel.ts';
import { markEndpointDeleted } from '../store/endpoints/delete-endpoint.ts';
import { deliverEventTo } from '../store/recoveries/deliver-event-to.ts';

type Signal = { owner: string; ids: string[] };

export type DeliveryCommandsDependencies = {
  pool: pg.Pool;
  /** Null while Temporal is down; the reconciler signals later. `not_found`: no workflow of that id is running. */
  signals: () => {
    send(workflowId: string, signal: 'retryNow' | 'cancel', ids: string[]): Promise<'sent' | 'not_found'>;
  } | null;
  /** Called when deliveries wait for an assignment. */
  onReleased: () => void;
  /** Called when outcomes of this project were written. */
  onOutcomes: (projectId: string) => void;
  onFailure: (error: unknown) => void;
};

/** By then a workflow that was about to start when it was signalled has started. */
const CANCEL_AGAIN_AFTER_MS = 1_000;

/** Commits to Postgres, and signals the workflow without waiting for it: a lost signal only makes the effect later. */
export function createDeliveryCommands({
  pool,
  signals,
  onReleased,
  onOutcomes,
  onFailure,
}: DeliveryCommandsDependencies): DeliveryCommands {
  const signalOrDispatch = (name: 'retryNow' | 'cancel', signal: Signal | null): void => {
    if (signal) void sendOrRelease(name, signal).catch(onFailure);
    else onReleased();
  };

  async function sendOrRelease(name: 'retryNow' | 'cancel', { owner, ids }: Signal): Promise<void> {
    const sent = await signals()?.send(owner, name, ids);
    if (sent !== 'not_found') return;
    if (name === 'cancel') {
      // Otherwise a workflow that carries on with a failed attempt would wait for a retry that will not come.
      await sleep(CANCEL_AGAIN_AFTER_MS, undefined, { ref: false });
      await signals()?.send(owner, name, ids);
      return;
    }
    await releaseLost(pool, owner, ids);
    onReleased();
  }

  const sweep = { pool, onCancelled: (signal: Signal) => signalOrDispatch('cancel', signal), onOutcomes };

  return {
    async retry(projectId, consumer, deliveryId) {
      const { result, signal } = await retryDelivery(pool, projectId, consumer, deliveryId);
      signalOrDispatch('retryNow', signal);
      return result;
    },
    async cancel(projectId, consumer, deliveryId) {
      const { result, signal } = await cancelDelivery(pool, projectId, consumer, deliveryId);
      if (signal) signalOrDispatch('cancel', signal);
      onOutcomes(projectId);
      return result;
    },
    async deliverTo(scope, eventId, endpointId, policy) {
      const result = await deliverEventTo(pool, scope, eventId, endpointId, policy);
      if (result.kind === 'created') onReleased();
      return result;
    },
    async deleteEndpoint(projectId, consumer, endpointId) {
      const marked = await markEndpointDeleted(pool, projectId, consumer, endpointId);
      // An incomplete deletion is continued: the process that began it may have died.
      if (marked !== 'not_found') await sweepEndpoint(sweep, projectId, endpointId);
      return marked === 'deleted';
    },
  };
}
