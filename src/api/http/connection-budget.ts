import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { ipKeyGenerator } from 'express-rate-limit';
import { Problem } from '../problems/problem.ts';

/** Of all connections: what one project may have answers under way on, and all consumers' keys of one project. */
const SHARE_OF_PROJECT = 1 / 2;
const SHARE_OF_CONSUMERS = 1 / 4;
/** Of all connections: what one address may keep open without a key. */
const SHARE_OF_ADDRESS = 1 / 2;
/** Seconds after which an answer that was under way may have ended. */
const RETRY_AFTER = '2';

/** Whose requests a connection carries. Before the first key that is right, only its address is known. */
type Owner = { address: string } | { projectId: string; consumer: string | null };
type Connection = { socket: Socket; owner: Owner; underWay: number; group: string };

const connections = new WeakMap<Socket, { connection: Connection; budget: ConnectionBudget }>();

/**
 * The connection of the request has brought a key of this tenant. Throws quota_exceeded where the tenant has answers
 * under way on so many connections that others would find none.
 */
export function admitTenant(request: IncomingMessage, projectId: string, consumer: string | null): void {
  const known = connections.get(request.socket);
  if (known && !known.budget.admit(known.connection, { projectId, consumer }))
    throw new Problem('quota_exceeded', 'Too many requests are under way: wait for the answers of some.', {
      headers: { 'retry-after': RETRY_AFTER },
    });
}

/** Keeps the connections to `server` within `most`; a new one takes the place of one that is worth less. */
export function limitConnections(server: Server, most: number): void {
  const budget = new ConnectionBudget(most);
  server.on('connection', (socket: Socket) => budget.open(socket));
}

/** Counts an answer on its connection; without the budget of a server it does nothing. */
export function trackResponse({ socket }: IncomingMessage, response: ServerResponse): void {
  const known = connections.get(socket);
  if (!known) return;
  known.budget.begin(known.connection);
  response.once('close', () => known.budget.end(known.connection));
}

class ConnectionBudget {
  readonly #most: number;
  /** The connections of each group; those that have been used last are at the end. */
  readonly #groups = new Map<string, Set<Connection>>();
  #open = 0;

  constructor(most: number) {
    this.#most = most;
  }

  open(socket: Socket): void {
    const owner = { address: ipKeyGenerator(socket.remoteAddress ?? '') };
    if (this.#open >= this.#most && !this.#makeRoom()) {
      socket.destroy();
      return;
    }
    const connection: Connection = { socket, owner, underWay: 0, group: '' };
    connections.set(socket, { connection, budget: this });
    this.#open += 1;
    this.#place(connection);
    const ofAddress = this.#groups.get(connection.group)!;
    if (ofAddress.size > this.#most * SHARE_OF_ADDRESS) this.#close(first(ofAddress));
    socket.once('close', () => this.#forget(connection));
  }

  begin(connection: Connection): void {
    connection.underWay += 1;
    this.#place(connection);
  }

  end(connection: Connection): void {
    connection.underWay -= 1;
    this.#place(connection);
  }

  /** False where the owner has more than its share of the connections under way. */
  admit(connection: Connection, owner: Exclude<Owner, { address: string }>): boolean {
    connection.owner = owner;
    this.#place(connection);
    const share = owner.consumer === null ? SHARE_OF_PROJECT : SHARE_OF_CONSUMERS;
    return (this.#groups.get(connection.group)?.size ?? 0) <= Math.max(1, this.#most * share);
  }

  #place(connection: Connection): void {
    if (connection.group === GONE) return;
    this.#leave(connection);
    connection.group = groupOf(connection);
    const group = this.#groups.get(connection.group) ?? new Set();
    this.#groups.set(connection.group, group.add(connection));
  }

  #leave(connection: Connection): void {
    const group = this.#groups.get(connection.group);
    group?.delete(connection);
    if (group?.size === 0) this.#groups.delete(connection.group);
  }

  #forget(connection: Connection): void {
    if (connection.group === GONE) return;
    this.#leave(connection);
    connection.group = GONE;
    this.#open -= 1;
  }

  /** Closes what has waited longest in the largest group: strangers who wait, then tenants', then strangers at work. */
  #makeRoom(): boolean {
    for (const kind of CLOSED_FIRST) {
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

const GONE = 'gone';
const CLOSED_FIRST = ['idle address ', 'idle tenant ', 'busy address '];

function groupOf({ owner, underWay }: Connection): string {
  const state = underWay === 0 ? 'idle' : 'busy';
  if ('address' in owner) return `${state} address ${owner.address}`;
  return `${state} tenant ${owner.projectId}${owner.consumer === null ? '' : ' consumers'}`;
}

const first = <T>(set: Set<T>): T => set.values().next().value!;
