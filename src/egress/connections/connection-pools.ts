import { LRUCache } from 'lru-cache';
import { ConnectionPool } from './connection-pool.ts';
import { SocketAllocator, type SocketLimits } from './socket-allocator.ts';

export type PoolLimits = SocketLimits & {
  /** Limit for the connections of one pool. */
  maxConnectionsPerHost: number;
  /** Unused pools that are kept; beyond this number, the least recently used ones are dropped. */
  maxIdlePools: number;
  /** See ConnectionPool. */
  quietPeriodMs: number;
  /** How often idle connections are checked, in milliseconds. */
  sweepIntervalMs: number;
};

/**
 * How long connections are not reused after a receiver sent unsolicited bytes, even if its pool is dropped meanwhile.
 */
const DISTRUST_MS = 600_000;
const MAX_DISTRUSTED = 10_000;

export type PoolStats = {
  pools: number;
  /** In use and idle. */
  connections: number;
  idle: number;
  /** Requests that wait for a connection. */
  waiting: number;
};

/** The pools by project, receiver and origin, in the order of their last use. */
export class ConnectionPools {
  readonly #limits: PoolLimits;
  readonly #sockets: SocketAllocator;
  readonly #pools = new Map<string, ConnectionPool>();
  readonly #distrusted = new LRUCache<string, true>({ max: MAX_DISTRUSTED, ttl: DISTRUST_MS });
  readonly #sweeper: NodeJS.Timeout;

  constructor(limits: PoolLimits) {
    this.#limits = limits;
    this.#sockets = new SocketAllocator(limits);
    this.#sweeper = setInterval(() => this.#sweep(), limits.sweepIntervalMs).unref();
  }

  poolFor(projectId: string, receiverAndOrigin: string): ConnectionPool {
    const key = `${projectId} ${receiverAndOrigin}`;
    const known = this.#pools.get(key);
    if (known) this.#pools.delete(key);
    const pool = known ?? this.#create(projectId, key);
    this.#pools.set(key, pool);
    if (!known && this.#pools.size > this.#limits.maxIdlePools) this.#dropOldestUnused();
    return pool;
  }

  #create(projectId: string, key: string): ConnectionPool {
    return new ConnectionPool({
      projectId,
      maxConnections: this.#limits.maxConnectionsPerHost,
      quietPeriodMs: this.#limits.quietPeriodMs,
      sockets: this.#sockets,
      isDistrusted: () => this.#distrusted.has(key),
      distrust: () => void this.#distrusted.set(key, true),
    });
  }

  stats(): PoolStats {
    const pools = [...this.#pools.values()];
    return {
      pools: pools.length,
      connections: pools.reduce((sum, pool) => sum + pool.connections, 0),
      idle: pools.reduce((sum, pool) => sum + pool.idle, 0),
      waiting: pools.reduce((sum, pool) => sum + pool.waiting, 0),
    };
  }

  close(): void {
    clearInterval(this.#sweeper);
    for (const pool of this.#pools.values()) pool.close();
  }

  #dropOldestUnused(): void {
    for (const [key, pool] of this.#pools) {
      if (this.#pools.size <= this.#limits.maxIdlePools) return;
      if (pool.isUnused()) this.#drop(key, pool);
    }
  }

  #sweep(): void {
    for (const [key, pool] of this.#pools) {
      pool.sweep();
      if (pool.connections === 0 && pool.isUnused()) this.#drop(key, pool);
    }
  }

  #drop(key: string, pool: ConnectionPool): void {
    pool.close();
    this.#pools.delete(key);
  }
}
