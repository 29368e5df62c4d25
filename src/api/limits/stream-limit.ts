import type { Quotas } from '../../policy/quotas.ts';
import { Problem } from '../problems/problem.ts';

/** Each open stream holds a connection, and what its reader has not taken. */
const STREAMS_PER_KEY = 20;

export type StreamOwner = { key: string; projectId: string; consumer: string | null };

export type StreamLimit = {
  /**
   * Takes a place of the key, of its tenant and of the process; throws too_many_streams where the key has none left, and
   * quota_exceeded where the others have. Returns how to give it back.
   */
  acquire(owner: StreamOwner): () => void;
};

/** Keeps a client that forgets to close its streams, and a tenant with many keys, from taking what all have in common. */
export function createStreamLimit(
  quotas: Pick<Quotas, 'streams' | 'streamsOfProject' | 'streamsOfConsumer'>,
  ofKey = STREAMS_PER_KEY,
): StreamLimit {
  const open = new Map<string, number>();
  const refuse = (quota: keyof typeof quotas): never => {
    const detail = `There are as many streams as may be open: the quota is ${quota}=${quotas[quota]}. Close one first.`;
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
      const [inAll, byKey, byProject, byConsumer = 0] = names.map((name) => open.get(name) ?? 0);
      if (byKey! >= ofKey) throw new Problem('too_many_streams');
      if (byConsumer >= quotas.streamsOfConsumer) refuse('streamsOfConsumer');
      if (byProject! >= quotas.streamsOfProject) refuse('streamsOfProject');
      if (inAll! >= quotas.streams) refuse('streams');
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
