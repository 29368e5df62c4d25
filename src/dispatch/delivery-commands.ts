import type pg from 'pg';
import type { DeliveryCommands } from '../api/ports.ts';
import { releaseLost } from '../store/deliveries/reconciliation.ts';
import { cancelDelivery, retryDelivery } from '../store/deliveries/retry-and-cancel.ts';
import { markEndpointDeleted } from '../store/endpoints/delete-endpoint.ts';
import { sweepEndpoint } from './background/endpoint-sweep.ts';

type Signal = { owner: string; ids: string[] };

export type DeliveryCommandsDependencies = {
  pool: pg.Pool;
  /** Null while Temporal is away: the reconciler tells later. `gone`: there is no such running workflow. */
  signals: () => {
    send(workflowId: string, signal: 'retryNow' | 'cancel', ids: string[]): Promise<'sent' | 'not_found'>;
  } | null;
  /** Something waits for assignment. */
  onReleased: () => void;
  /** Outcomes of this project were written. */
  onOutcomes: (projectId: string) => void;
  onFailure: (error: unknown) => void;
};

/** Commits to Postgres, answers, then signals: a signal that is lost or finds nothing changes no promise. */
export function createDeliveryCommands({
  pool,
  signals,
  onReleased,
  onOutcomes,
  onFailure,
}: DeliveryCommandsDependencies): DeliveryCommands {
  const tell = (signal: 'retryNow' | 'cancel', told: Signal | null): void => {
    if (told) void sendOrRelease(signal, told).catch(onFailure);
    else onReleased();
  };

  async function sendOrRelease(signal: 'retryNow' | 'cancel', { owner, ids }: Signal): Promise<void> {
    const sent = await signals()?.send(owner, signal, ids);
    if (sent !== 'not_found' || signal === 'cancel') return;
    await releaseLost(pool, owner, ids);
    onReleased();
  }

  const sweep = { pool, onCancelled: (signal: Signal) => tell('cancel', signal), onOutcomes };

  return {
    async retry(projectId, consumer, deliveryId) {
      const { result, signal } = await retryDelivery(pool, projectId, consumer, deliveryId);
      tell('retryNow', signal);
      return result;
    },
    async cancel(projectId, consumer, deliveryId) {
      const { result, signal } = await cancelDelivery(pool, projectId, consumer, deliveryId);
      if (signal) tell('cancel', signal);
      onOutcomes(projectId);
      return result;
    },
    async deleteEndpoint(projectId, consumer, endpointId) {
      const marked = await markEndpointDeleted(pool, projectId, consumer, endpointId);
      // Unswept: whoever deleted it is still at it, or has died before all was cancelled.
      if (marked !== 'not_found') await sweepEndpoint(sweep, projectId, endpointId);
      return marked === 'deleted';
    },
  };
}
