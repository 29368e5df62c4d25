import { LRUCache } from 'lru-cache';
import type { ProxyFault } from './tunnel-verdict.ts';

export type ProxyStatus = { ok: boolean; detail?: string };

export type ProxyHealthEvents = {
  /** Called with each fault of the proxy. */
  onFault?: (fault: ProxyFault) => void;
  /** Called at the first fault after a tunnel. If the receiver may be the cause, `isCertain` is false. */
  onFailing?: (failing: { fault: ProxyFault; detail: string; isCertain: boolean }) => void;
  /** Called with the first tunnel after faults. */
  onWorking?: () => void;
};

export type ProxyHealth = {
  opened(projectId: string, receiver: string): void;
  /** Records a fault of the proxy. Returns for how long it has opened no tunnel since its first fault, in milliseconds. */
  failed(fault: ProxyFault, detail: string, isCertain?: boolean): number;
  /**
   * Records that the proxy opened no tunnel to a receiver and did not say why. True if the receiver is at fault: its
   * previous tunnel failed as well, and the proxy has opened others since.
   */
  failsAlone(projectId: string, receiver: string): boolean;
  status(): ProxyStatus;
};

/** A project that uses up its places only forgets its own receivers. */
const MAX_PROJECTS = 1_000;
const MAX_RECEIVERS_PER_PROJECT = 500;
/** An older failure says nothing about the receiver any more. */
const REMEMBER_FAILURE_MS = 600_000;

/** What this process knows of the proxy, and of receivers that it cannot reach through it. */
export function createProxyHealth({ onFault, onFailing, onWorking }: ProxyHealthEvents = {}): ProxyHealth {
  let failing: { since: number; detail: string } | undefined;
  /** Number of tunnels opened. */
  let opened = 0;
  /** How many tunnels had been opened when the last one to a receiver failed, by project. */
  const failedReceivers = new LRUCache<string, LRUCache<string, number>>({ max: MAX_PROJECTS });

  return {
    opened: (projectId, receiver) => {
      opened += 1;
      failedReceivers.get(projectId)?.delete(receiver);
      if (!failing) return;
      failing = undefined;
      onWorking?.();
    },
    failed: (fault, detail, isCertain = true) => {
      onFault?.(fault);
      const now = performance.now();
      if (!failing) {
        failing = { since: now, detail };
        onFailing?.({ fault, detail, isCertain });
      }
      failing.detail = detail;
      return now - failing.since;
    },
    failsAlone: (projectId, receiver) => {
      let receivers = failedReceivers.get(projectId);
      if (!receivers) {
        receivers = new LRUCache({ max: MAX_RECEIVERS_PER_PROJECT, ttl: REMEMBER_FAILURE_MS });
        failedReceivers.set(projectId, receivers);
      }
      const openedBefore = receivers.get(receiver);
      receivers.set(receiver, opened);
      return openedBefore !== undefined && opened > openedBefore;
    },
    status: () => (failing ? { ok: false, detail: failing.detail } : { ok: true }),
  };
}
