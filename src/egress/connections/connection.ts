import type { Socket } from 'node:net';

export type ConnectionLimits = {
  /** Longest time between two requests, in milliseconds. */
  maxIdleMs: number;
  /** Age after which a connection carries no further request, in milliseconds. */
  maxAgeMs: number;
  maxRequests: number;
};

/** True while the receiver's name still resolves to the address of the connection. */
export type IsCurrentAddress = (address: string | undefined) => boolean;

/** Callbacks of the request in flight on a connection. */
export type ExchangeHandlers = {
  onData(chunk: Buffer): void;
  /** The receiver has closed its side. */
  onEnd(): void;
  /** Nothing can be written or read any more. */
  onLost(error: Error | undefined): void;
};

/** A socket that carries one request after another, and the rules for when it may carry the next one. */
export class Connection {
  readonly socket: Socket;
  /** False during the first request, whose failure cannot be due to a stale connection. */
  reused = false;
  /** True once bytes arrived outside a response: the next response could not be told apart from such bytes. */
  receivedUnsolicited = false;
  /** The first of those bytes, if they arrived before a request. */
  unsolicitedBytes: Buffer | undefined;
  error: Error | undefined;
  readonly #limits: ConnectionLimits;
  readonly #isCurrentAddress: IsCurrentAddress;
  readonly #address: string | undefined;
  readonly #openedAt = performance.now();
  #exchange: ExchangeHandlers | undefined;
  #requests = 0;
  #maxIdleMs: number;
  #idleUntil = Number.POSITIVE_INFINITY;

  constructor(socket: Socket, limits: ConnectionLimits, isCurrentAddress: IsCurrentAddress) {
    this.socket = socket;
    this.#address = socket.remoteAddress;
    this.#isCurrentAddress = isCurrentAddress;
    this.#limits = limits;
    this.#maxIdleMs = limits.maxIdleMs;
    socket.on('data', (chunk: Buffer) => this.#onData(chunk));
    socket.on('end', () => this.#exchange?.onEnd());
    socket.on('error', (error) => {
      this.error = error;
      this.#exchange?.onLost(error);
    });
    socket.on('close', () => this.#exchange?.onLost(this.error));
  }

  /** Passes all events of the socket to the request that is about to be written. */
  begin(exchange: ExchangeHandlers): void {
    this.#exchange = exchange;
    this.#requests++;
    this.#idleUntil = Number.POSITIVE_INFINITY;
  }

  /** Ends the request: bytes that arrive from now on are unsolicited. `keepAliveMs` is what the receiver allows. */
  finish(keepAliveMs: number): void {
    this.#exchange = undefined;
    this.#maxIdleMs = Math.min(keepAliveMs, this.#limits.maxIdleMs);
  }

  /** Ends the connection and its request. */
  destroy(): void {
    this.#exchange = undefined;
    this.socket.destroy();
  }

  markIdle(): void {
    this.#idleUntil = performance.now() + this.#maxIdleMs;
    this.reused = true;
  }

  isOpen(): boolean {
    const { destroyed, writable, readableEnded } = this.socket;
    return !destroyed && writable && !readableEnded;
  }

  /** True when the connection may carry another request. */
  isUsable(): boolean {
    const now = performance.now();
    const isYoung = now - this.#openedAt < this.#limits.maxAgeMs && this.#requests < this.#limits.maxRequests;
    return this.isOpen() && isYoung && now < this.#idleUntil && this.#isCurrentAddress(this.#address);
  }

  #onData(chunk: Buffer): void {
    if (this.#exchange) {
      this.#exchange.onData(chunk);
      return;
    }
    // RFC 9112 section 9.2: these bytes would be read as the response to the next request.
    this.receivedUnsolicited = true;
    this.unsolicitedBytes ??= chunk;
    this.socket.destroy();
  }
}
