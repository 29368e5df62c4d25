import type { Connection } from './connection.ts';
import type { SocketAllocator } from './socket-allocator.ts';

/** The right to use one connection of the pool: an idle one, or a new one when `connection` is undefined. */
export type ConnectionLease = { connection: Connection | undefined };

type Waiter = { startBy: number; resolve: (lease: ConnectionLease | undefined) => void };

export type ConnectionPoolOptions = {
  projectId: string;
  maxConnections: number;
  sockets: SocketAllocator;
  /**
   * How long a connection must stay silent after the first response of a receiver, in milliseconds. If a receiver sends
   * two responses, the second one would otherwise be read as the response to the next request.
   */
  quietPeriodMs: number;
  /** True while the receiver's connections must not be reused, because it sent unsolicited bytes. */
  isDistrusted: () => boolean;
  distrust: () => void;
};

/**
 * Connections to one origin for one receiver: at most `maxConnections`, and within the project's share of the process's
 * sockets. Requests that wait for a connection are served first come, first served.
 */
export class ConnectionPool {
  readonly #rules: ConnectionPoolOptions;
  /** The most recently used connection is reused first, so that surplus connections reach maxIdleMs and are closed. */
  #idleConnections: Connection[] = [];
  readonly #quietTimers = new Map<Connection, NodeJS.Timeout>();
  readonly #waiters = new Set<Waiter>();
  #leased = 0;
  #isVerified = false;
  #closed = false;

  constructor(rules: ConnectionPoolOptions) {
    this.#rules = rules;
  }

  /** A lease, or undefined when there is none by `startBy`, in milliseconds on the clock of performance.now(). */
  acquire(startBy: number): ConnectionLease | undefined | Promise<ConnectionLease | undefined> {
    if (performance.now() > startBy) return undefined;
    return this.#tryLease() ?? this.#wait(startBy);
  }

  /** Ends a lease. Keeps the connection idle if it can be used again. */
  release(connection: Connection | undefined): void {
    const { quietPeriodMs } = this.#rules;
    const needsQuietPeriod = connection && !connection.reused && !this.#isVerified && quietPeriodMs > 0;
    if (needsQuietPeriod && !this.#closed && connection.isUsable()) {
      this.#quietTimers.set(
        connection,
        setTimeout(() => this.#endQuietPeriod(connection), quietPeriodMs),
      );
    } else this.#endLease(connection);
  }

  /** Serves the first waiting request; called when the project may use one more connection. */
  serveNext(): void {
    for (const { startBy, resolve } of this.#waiters) {
      // If this process stalled, a connection may be released before the timers of expired waiters have fired.
      if (performance.now() > startBy) resolve(undefined);
      else {
        const lease = this.#tryLease();
        if (lease) resolve(lease);
        break;
      }
    }
    this.#enqueueForSocket();
  }

  /** Closes an idle connection whose socket is needed elsewhere. */
  evict(connection: Connection): void {
    this.#forget(connection);
    connection.socket.destroy();
  }

  /** Closes connections that have been idle for too long. */
  sweep(): void {
    for (const connection of this.#idleConnections) if (!connection.isUsable()) connection.socket.destroy();
  }

  /** Ends all waiting and closes idle connections. Requests in flight continue. */
  close(): void {
    this.#closed = true;
    for (const { resolve } of this.#waiters) resolve(undefined);
    for (const [connection, timer] of this.#quietTimers) {
      clearTimeout(timer);
      this.#endQuietPeriod(connection);
    }
    for (const { socket } of this.#idleConnections) socket.destroy();
  }

  isUnused(): boolean {
    return this.#leased === 0 && this.#waiters.size === 0;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  get idle(): number {
    return this.#idleConnections.length;
  }

  get connections(): number {
    return this.#leased + this.#idleConnections.length;
  }

  #endQuietPeriod(connection: Connection): void {
    this.#quietTimers.delete(connection);
    this.#isVerified ||= !connection.receivedUnsolicited;
    this.#endLease(connection);
  }

  #endLease(connection: Connection | undefined): void {
    this.#leased--;
    this.#rules.sockets.release(this.#rules.projectId);
    if (connection?.receivedUnsolicited) this.#distrust();
    if (connection) this.#keepIdle(connection);
    this.#enqueueForSocket();
    this.#rules.sockets.serveWaiting();
  }

  /** Other connections of the receiver may contain unsolicited responses as well. */
  #distrust(): void {
    this.#rules.distrust();
    for (const { socket } of this.#idleConnections) socket.destroy();
  }

  #keepIdle(connection: Connection): void {
    if (this.#closed || !connection.isUsable() || this.#rules.isDistrusted()) {
      connection.socket.destroy();
      return;
    }
    if (!connection.reused) connection.socket.once('close', () => this.#forget(connection));
    connection.markIdle();
    this.#idleConnections.push(connection);
    this.#rules.sockets.addIdle(connection, this);
  }

  #tryLease(): ConnectionLease | undefined {
    if (!this.#rules.sockets.hasCapacityFor(this.#rules.projectId)) return undefined;
    let connection = this.#idleConnections.pop();
    while (connection && !connection.isUsable()) {
      connection.socket.destroy();
      connection = this.#idleConnections.pop();
    }
    if (!connection && this.#leased >= this.#rules.maxConnections) return undefined;
    this.#leased++;
    this.#rules.sockets.acquire(this.#rules.projectId, connection);
    return { connection };
  }

  #wait(startBy: number): Promise<ConnectionLease | undefined> {
    return new Promise((resolve) => {
      const finish = (lease: ConnectionLease | undefined): void => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
        if (this.#waiters.size === 0) this.#rules.sockets.dequeue(this.#rules.projectId, this);
        resolve(lease);
      };
      const timer = setTimeout(finish, Math.max(0, startBy - performance.now()), undefined);
      const waiter: Waiter = { startBy, resolve: finish };
      this.#waiters.add(waiter);
      this.#enqueueForSocket();
    });
  }

  /** A pool at its own limit is not queued: it could not use a socket and would block the pools behind it. */
  #enqueueForSocket(): void {
    if (this.#waiters.size > 0 && this.#leased < this.#rules.maxConnections)
      this.#rules.sockets.enqueue(this.#rules.projectId, this);
  }

  #forget(connection: Connection): void {
    if (connection.receivedUnsolicited) this.#distrust();
    this.#idleConnections = this.#idleConnections.filter((other) => other !== connection);
    this.#rules.sockets.removeIdle(connection);
  }
}
