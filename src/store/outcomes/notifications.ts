import pg from 'pg';
import { withPinnedSettings } from '../postgres/connection-settings.ts';

const CHANNELS = [
  'posthorn_outcomes',
  'posthorn_claims',
  'posthorn_endpoints',
  'posthorn_turns',
  'posthorn_listener_requests',
  'posthorn_listener_responses',
] as const;
export type Channel = (typeof CHANNELS)[number];

/** Wake-ups between processes. They may be lost, so every listener also polls once a second. */
export type Notifications = {
  /** Notifies all processes, including this one. Tokens contain no spaces. Neither waits nor throws. */
  notify(channel: Channel, tokens: Iterable<string>): void;
  /** Calls the listeners of this process at once. Only if it has none, it notifies the other processes. */
  wake(channel: Channel, tokens: string[]): void;
  /** Calls `listener` with the tokens of each wake-up. Returns a function that stops it. */
  listen(channel: Channel, listener: (tokens: string[]) => void): () => void;
  close(): Promise<void>;
};

/** Postgres allows less than 8,000 bytes in one notification. */
const MAX_PAYLOAD = 7_000;
const RECONNECT_AFTER_MS = 500;

/** Named, so that Postgres parses it once: it runs after each record of attempts. */
const NOTIFY = { name: 'notify', text: 'SELECT pg_notify($1, $2)' };

const setForEachChannel = <T>(): Record<Channel, Set<T>> => ({
  posthorn_outcomes: new Set(),
  posthorn_claims: new Set(),
  posthorn_endpoints: new Set(),
  posthorn_turns: new Set(),
  posthorn_listener_requests: new Set(),
  posthorn_listener_responses: new Set(),
});

/**
 * LISTEN and NOTIFY on a separate connection. Inside a transaction that records attempts, NOTIFY would serialize
 * concurrent commits on one lock. Tokens that arrive while a statement runs are sent with the next one.
 */
export function createNotifications(connectionString: string): Notifications {
  const listeners = setForEachChannel<(tokens: string[]) => void>();
  const pending = setForEachChannel<string>();
  let client: pg.Client | null = null;
  let sending = false;
  let closed = false;
  let reconnect: NodeJS.Timeout | undefined;
  const disconnected = new WeakSet<pg.Client>();

  async function connect(): Promise<void> {
    const connection = new pg.Client({
      connectionString: withPinnedSettings(connectionString),
      keepAlive: true,
      connectionTimeoutMillis: 5_000,
    });
    connection.on('error', () => handleDisconnect(connection));
    connection.on('end', () => handleDisconnect(connection));
    connection.on('notification', ({ channel, payload }) => {
      const tokens = payload ? payload.split(' ') : [];
      for (const listener of listeners[channel as Channel]) listener(tokens);
    });
    try {
      await connection.connect();
      for (const channel of CHANNELS) await connection.query(`LISTEN ${channel}`);
      client = connection;
      if (closed) await connection.end();
      else void send();
    } catch {
      handleDisconnect(connection);
    }
  }

  function handleDisconnect(lost: pg.Client): void {
    if (disconnected.has(lost)) return; // an error is followed by an end, and both would reconnect
    disconnected.add(lost);
    if (client === lost) client = null;
    lost.end().catch(() => {});
    if (closed) return;
    clearTimeout(reconnect);
    reconnect = setTimeout(() => void connect(), RECONNECT_AFTER_MS);
  }

  async function send(): Promise<void> {
    if (sending) return;
    sending = true;
    try {
      for (let next = takePayload(); next && client; next = takePayload()) {
        await client.query({ ...NOTIFY, values: [next.channel, next.payload] });
      }
    } catch {
      // The connection's own event handler reconnects. The tokens of this statement are lost, as wake-ups may be.
    } finally {
      sending = false;
    }
  }

  function takePayload(): { channel: Channel; payload: string } | null {
    for (const channel of CHANNELS) {
      let payload = '';
      for (const token of pending[channel]) {
        if (payload.length + token.length >= MAX_PAYLOAD) break;
        payload += payload ? ` ${token}` : token;
        pending[channel].delete(token);
      }
      if (payload) return { channel, payload };
    }
    return null;
  }

  function notify(channel: Channel, tokens: Iterable<string>): void {
    for (const token of tokens) pending[channel].add(token);
    if (client) void send();
    else pending[channel].clear();
  }

  void connect();
  return {
    notify,
    wake(channel, tokens) {
      if (listeners[channel].size === 0) return notify(channel, tokens);
      for (const listener of listeners[channel]) listener(tokens);
    },
    listen(channel, listener) {
      listeners[channel].add(listener);
      return () => listeners[channel].delete(listener);
    },
    async close() {
      closed = true;
      clearTimeout(reconnect);
      await client?.end().catch(() => {});
    },
  };
}
