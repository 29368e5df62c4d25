import type { Connection } from './connection.ts';
import type { SocketAllocator } from './socket-allocator.ts';

/** The right to use one of the pool's places: with the connection that rested in it, or to open one. */
export type ConnectionLease = { connection: Connection | undefined };

type Waiter = { startBy: number; serve: (turn: ConnectionLease | undefined) => void };

export type ConnectionPoolOptions = {
  projectId: string;
  maxConnections: number;
  sockets: SocketAllocator;
  /**
   * For so long after the first answer its connection must be silent, in milliseconds. A receiver that answers twice
   * would otherwise have its second answer taken for that to the next request.
   */
  quietPeriodMs: number;
  /** True while the receiver's connections are not to be kept, since it spoke out of turn. */
  isDistrusted: () => boolean;
  distrust: () => void;
};

/**
 * At most `limit` connections to one origin for one receiver, out of the project's share of the process's sockets. Who
 * waits for one is served in the order of coming.
 */
export class ConnectionPool {
  readonly #rules: ConnectionPoolOptions;
  /** The last to come to rest is used first, so that what is not needed grows old and is closed. */
  #resting: Connection[] = [];
  readonly #proving = new Map<Connection, NodeJS.Timeout>();
  readonly #waiters = new Set<Waiter>();
  #turnsOut = 0;
  #isProven = false;
  #closed = false;

  constructor(rules: ConnectionPoolOptions) {
    this.#rules = rules;
  }

  /** The next turn, or undefined when none has come by `startBy` on the clock of performance.now(). */
  acquire(startBy: number): ConnectionLease | undefined | Promise<ConnectionLease | undefined> {
    if (performance.now() > startBy) return undefined;
    return this.#turnNow() ?? this.#wait(startBy);
  }

  /** Ends a turn; `connection` is what is left of it: it rests if it can be used again. */
  release(connection: Connection | undefined): void {
    const { quietPeriodMs } = this.#rules;
    const mustProve = connection && !connection.reused && !this.#isProven && quietPeriodMs > 0;
    if (mustProve && !this.#closed && connection.isUsable()) {
      this.#proving.set(
        connection,
        setTimeout(() => this.#endProving(connection), quietPeriodMs),
      );
    } else this.#endTurn(connection);
  }

  /** Serves the first that waits; called when the project has room for one more connection in use. */
  serveNext(): void {
    for (const { startBy, serve } of this.#waiters) {
      // After a stall of this process a connection can come back before the timers of those who waited have run.
      if (performance.now() > startBy) serve(undefined);
      else {
        const turn = this.#turnNow();
        if (turn) serve(turn);
        break;
      }
    }
    this.#queueForShare();
  }

  /** Closes a connection whose place is needed elsewhere. */
  evict(connection: Connection): void {
    this.#forget(connection);
    connection.socket.destroy();
  }

  /** Closes what has rested for too long. */
  sweep(): void {
    for (const connection of this.#resting) if (!connection.isUsable()) connection.socket.destroy();
  }

  /** Lets nobody wait any longer and nothing rest; requests under way are not touched. */
  close(): void {
    this.#closed = true;
    for (const { serve } of this.#waiters) serve(undefined);
    for (const [connection, timer] of this.#proving) {
      clearTimeout(timer);
      this.#endProving(connection);
    }
    for (const { socket } of this.#resting) socket.destroy();
  }

  isUnused(): boolean {
    return this.#turnsOut === 0 && this.#waiters.size === 0;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  get idle(): number {
    return this.#resting.length;
  }

  get connections(): number {
    return this.#turnsOut + this.#resting.length;
  }

  #endProving(connection: Connection): void {
    this.#proving.delete(connection);
    this.#isProven ||= !connection.receivedUnsolicited;
    this.#endTurn(connection);
  }

  #endTurn(connection: Connection | undefined): void {
    this.#turnsOut--;
    this.#rules.sockets.release(this.#rules.projectId);
    if (connection?.receivedUnsolicited) this.#distrust();
    if (connection) this.#rest(connection);
    this.#queueForShare();
    this.#rules.sockets.serveWaiting();
  }

  /** Its other connections may hold answers that nobody asked for, too. */
  #distrust(): void {
    this.#rules.distrust();
    for (const { socket } of this.#resting) socket.destroy();
  }

  #rest(connection: Connection): void {
    if (this.#closed || !connection.isUsable() || this.#rules.isDistrusted()) {
      connection.socket.destroy();
      return;
    }
    if (!connection.reused) connection.socket.once('close', () => this.#forget(connection));
    connection.markIdle();
    this.#resting.push(connection);
    this.#rules.sockets.addIdle(connection, this);
  }

  #turnNow(): ConnectionLease | undefined {
    if (!this.#rules.sockets.hasCapacityFor(this.#rules.projectId)) return undefined;
    let connection = this.#resting.pop();
    while (connection && !connection.isUsable()) {
      connection.socket.destroy();
      connection = this.#resting.pop();
    }
    if (!connection && this.#turnsOut >= this.#rules.maxConnections) return undefined;
    this.#turnsOut++;
    this.#rules.sockets.acquire(this.#rules.projectId, connection);
    return { connection };
  }

  #wait(startBy: number): Promise<ConnectionLease | undefined> {
    return new Promise((resolve) => {
      const serve = (turn: ConnectionLease | undefined): void => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
        if (this.#waiters.size === 0) this.#rules.sockets.dequeue(this.#rules.projectId, this);
        resolve(turn);
      };
      const timer = setTimeout(serve, Math.max(0, startBy - performance.now()), undefined);
      const waiter: Waiter = { startBy, serve };
      this.#waiters.add(waiter);
      this.#queueForShare();
    });
  }

  /** A pool at its own limit does not queue: it could not use a place, and others would wait behind it. */
  #queueForShare(): void {
    if (this.#waiters.size > 0 && this.#turnsOut < this.#rules.maxConnections)
      this.#rules.sockets.enqueue(this.#rules.projectId, this);
  }

  #forget(connection: Connection): void {
    if (connection.receivedUnsolicited) this.#distrust();
    this.#resting = this.#resting.filter((other) => other !== connection);
    this.#rules.sockets.removeIdle(connection);
  }
}
