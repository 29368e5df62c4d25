import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ipKeyGenerator } from 'express-rate-limit';
import { Problem } from '../problems/problem.ts';

/** Shares of all connections: with requests in flight for one project, and for all consumer keys of one project. */
const SHARE_OF_PROJECT = 1 / 2;
const SHARE_OF_CONSUMERS = 1 / 4;
/** The share of all connections that one address may keep open without a valid key. */
const SHARE_OF_ADDRESS = 1 / 2;
/** Seconds; most requests in flight have ended by then. */
const RETRY_AFTER = '2';

/** The sender of a connection's requests. Before the first valid key, only the address is known. */
type Owner = { address: string } | { projectId: string; consumer: string | null };
type Connection = { socket: Socket; owner: Owner; inFlight: number; group: string };

const connections = new WeakMap<Socket, { connection: Connection; budget: ConnectionBudget }>();

/**
 * Assigns the request's connection to the tenant whose key it carries. Throws quota_exceeded when the tenant has requests
 * in flight on so many connections that other tenants could run out of them.
 */
export function admitTenant(request: IncomingMessage, projectId: string, consumer: string | null): void {
  const tracked = connections.get(request.socket);
  if (tracked && !tracked.budget.admit(tracked.connection, { projectId, consumer }))
    throw new Problem('quota_exceeded', 'Too many requests are in flight. Wait for some of the responses.', {
      headers: { 'retry-after': RETRY_AFTER },
    });
}

/** Limits the connections to `server`. Beyond the limit, a new connection replaces a less important one. */
export function limitConnections(server: Server, maxConnections: number): void {
  const budget = new ConnectionBudget(maxConnections);
  server.on('connection', (socket: Socket) => budget.open(socket));
}

/** Counts a request in flight on its connection. Does nothing for a server without a budget. */
export function trackResponse({ socket }: IncomingMessage, response: ServerResponse): void {
  const tracked = connections.get(socket);
  if (!tracked) return;
  tracked.budget.begin(tracked.connection);
  response.once('close', () => tracked.budget.end(tracked.connection));
}

class ConnectionBudget {
  readonly #maxConnections: number;
  /** The connections of each group, the least recently used first. */
  readonly #groups = new Map<string, Set<Connection>>();
  #open = 0;

  constructor(maxConnections: number) {
    this.#maxConnections = maxConnections;
  }

  open(socket: Socket): void {
    const owner = { address: ipKeyGenerator(socket.remoteAddress ?? '') };
    if (this.#open >= this.#maxConnections && !this.#evictOne()) {
      socket.destroy();
      return;
    }
    const connection: Connection = { socket, owner, inFlight: 0, group: '' };
    connections.set(socket, { connection, budget: this });
    this.#open += 1;
    this.#addToGroup(connection);
    const sameAddress = this.#groups.get(connection.group)!;
    if (sameAddress.size > this.#maxConnections * SHARE_OF_ADDRESS) this.#close(first(sameAddress));
    socket.once('close', () => this.#forget(connection));
  }

  begin(connection: Connection): void {
    connection.inFlight += 1;
    this.#addToGroup(connection);
  }

  end(connection: Connection): void {
    connection.inFlight -= 1;
    this.#addToGroup(connection);
  }

  /** False when the owner has requests in flight on more connections than its share. */
  admit(connection: Connection, owner: Exclude<Owner, { address: string }>): boolean {
    connection.owner = owner;
    this.#addToGroup(connection);
    const share = owner.consumer === null ? SHARE_OF_PROJECT : SHARE_OF_CONSUMERS;
    return (this.#groups.get(connection.group)?.size ?? 0) <= Math.max(1, this.#maxConnections * share);
  }

  #addToGroup(connection: Connection): void {
    if (connection.group === CLOSED) return;
    this.#removeFromGroup(connection);
    connection.group = groupOf(connection);
    const group = this.#groups.get(connection.group) ?? new Set();
    this.#groups.set(connection.group, group.add(connection));
  }

  #removeFromGroup(connection: Connection): void {
    const group = this.#groups.get(connection.group);
    group?.delete(connection);
    if (group?.size === 0) this.#groups.delete(connection.group);
  }

  #forget(connection: Connection): void {
    if (connection.group === CLOSED) return;
    this.#removeFromGroup(connection);
    connection.group = CLOSED;
    this.#open -= 1;
  }

  /** Closes the least recently used connection of the largest group, in the order of EVICTION_ORDER; false when there is none. */
  #evictOne(): boolean {
    for (const kind of EVICTION_ORDER) {
      let largest: Set<Connection> | undefined;
      for (const [name, group] of this.#groups)
        if (name.startsWith(kind) && group.size > (largest?.size ?? 0)) largest = group;
      if (!largest) continue;
      this.#close(first(largest));
      return true;
    }
    return false;
  }

  #close(connection: Connection): void {
    this.#forget(connection);
    connection.socket.destroy();
  }
}

const CLOSED = 'closed';
/** Idle connections without a key go first; busy connections of tenants are never closed. */
const EVICTION_ORDER = ['idle address ', 'idle tenant ', 'busy address '];

function groupOf({ owner, inFlight }: Connection): string {
  const state = inFlight === 0 ? 'idle' : 'busy';
  if ('address' in owner) return `${state} address ${owner.address}`;
  return `${state} tenant ${owner.projectId}${owner.consumer === null ? '' : ' consumers'}`;
}

const first = <T>(set: Set<T>): T => set.values().next().value!;
