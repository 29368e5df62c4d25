import type { Quotas } from '../../policy/quotas.ts';
import { Problem } from '../problems/problem.ts';

/** Each open stream holds a connection and a buffer of unread outcomes. */
const STREAMS_PER_KEY = 20;

export type StreamOwner = { key: string; projectId: string; consumer: string | null };

export type StreamLimit = {
  /**
   * Counts a stream for its key, its tenant and the process; returns a function that ends the count. Throws
   * too_many_streams when the key is at its limit, and quota_exceeded when the tenant or the process is.
   */
  acquire(owner: StreamOwner): () => void;
};

/** Without it, a client that does not close its streams, or a tenant with many keys, would use up all connections. */
export function createStreamLimit(
  quotas: Pick<Quotas, 'streams' | 'streamsOfProject' | 'streamsOfConsumer'>,
  maxPerKey = STREAMS_PER_KEY,
): StreamLimit {
  const open = new Map<string, number>();
  const refuse = (quota: keyof typeof quotas): never => {
    const detail = `The quota ${quota}=${quotas[quota]} is reached. Close a stream first.`;
    throw new Problem('quota_exceeded', detail, { headers: { 'retry-after': '5' } });
  };

  return {
    acquire({ key, projectId, consumer }) {
      const names = [
        'all',
        `key ${key} ${projectId}`,
        `project ${projectId} ${consumer === null ? '' : 'consumers'}`,
      ];
      if (consumer !== null) names.push(`consumer ${projectId}/${consumer}`);
      const [total, byKey, byProject, byConsumer = 0] = names.map((name) => open.get(name) ?? 0);
      if (byKey! >= maxPerKey) throw new Problem('too_many_streams');
      if (byConsumer >= quotas.streamsOfConsumer) refuse('streamsOfConsumer');
      if (byProject! >= quotas.streamsOfProject) refuse('streamsOfProject');
      if (total! >= quotas.streams) refuse('streams');
      for (const name of names) open.set(name, (open.get(name) ?? 0) + 1);
      return () => {
        for (const name of names) {
          const left = open.get(name)! - 1;
          if (left > 0) open.set(name, left);
          else open.delete(name);
        }
      };
    },
  };
}
