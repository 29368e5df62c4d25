import { ConnectionPool } from './connection-pool.ts';
import { type SocketLimits, SocketShares } from './socket-shares.ts';

export type PoolLimits = SocketLimits & {
  /** Connections of one pool. */
  connectionsPerHost: number;
  /** Pools that are kept although nothing is under way in them; the least recently used goes first. */
  maxIdlePools: number;
  /** How often resting connections are looked through, in milliseconds. */
  sweepMs: number;
};

export type PoolStats = { pools: number; connections: number; waiting: number };

/** The pools by tenant and origin, in the order of their last use. */
export class ConnectionPools {
  readonly #limits: PoolLimits;
  readonly #shares: SocketShares;
  readonly #pools = new Map<string, ConnectionPool>();
  readonly #sweeper: NodeJS.Timeout;

  constructor(limits: PoolLimits) {
    this.#limits = limits;
    this.#shares = new SocketShares(limits);
    this.#sweeper = setInterval(() => this.#sweep(), limits.sweepMs).unref();
  }

  of(projectId: string, tenantAndOrigin: string): ConnectionPool {
    const key = `${projectId} ${tenantAndOrigin}`;
    const known = this.#pools.get(key);
    if (known) this.#pools.delete(key);
    const pool = known ?? new ConnectionPool(projectId, this.#limits.connectionsPerHost, this.#shares);
    this.#pools.set(key, pool);
    if (!known && this.#pools.size > this.#limits.maxIdlePools) this.#dropOldestUnused();
    return pool;
  }

  stats(): PoolStats {
    const pools = [...this.#pools.values()];
    return {
      pools: pools.length,
      connections: pools.reduce((sum, pool) => sum + pool.connections, 0),
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
