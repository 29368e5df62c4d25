import { LRUCache } from 'lru-cache';
import { ConnectionPool } from './connection-pool.ts';
import { SocketAllocator, type SocketLimits } from './socket-allocator.ts';

export type PoolLimits = SocketLimits & {
  /** Connections of one pool. */
  maxConnectionsPerHost: number;
  /** Pools that are kept although nothing is under way in them; the least recently used goes first. */
  maxIdlePools: number;
  /** See ConnectionPool. */
  quietPeriodMs: number;
  /** How often resting connections are looked through, in milliseconds. */
  sweepIntervalMs: number;
};

/** Connections of receivers that spoke out of turn are not kept for so long, though their pool is dropped meanwhile. */
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

/** The pools by tenant and origin, in the order of their last use. */
export class ConnectionPools {
  readonly #limits: PoolLimits;
  readonly #shares: SocketAllocator;
  readonly #pools = new Map<string, ConnectionPool>();
  readonly #distrusted = new LRUCache<string, true>({ max: MAX_DISTRUSTED, ttl: DISTRUST_MS });
  readonly #sweeper: NodeJS.Timeout;

  constructor(limits: PoolLimits) {
    this.#limits = limits;
    this.#shares = new SocketAllocator(limits);
    this.#sweeper = setInterval(() => this.#sweep(), limits.sweepIntervalMs).unref();
  }

  poolFor(projectId: string, tenantAndOrigin: string): ConnectionPool {
    const key = `${projectId} ${tenantAndOrigin}`;
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
      sockets: this.#shares,
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
