import type { Socket } from 'node:net';

export type ConnectionLimits = {
  /** Longest rest between two requests, in milliseconds. */
  maxIdleMs: number;
  /** Age after which it carries no further request, in milliseconds. */
  maxAgeMs: number;
  maxRequests: number;
};

/** Says whether the receiver's name still leads to where the connection goes. */
export type IsCurrentAddress = (address: string | undefined) => boolean;

/** The request that is under way on a connection. */
export type ExchangeHandlers = {
  onData(chunk: Buffer): void;
  /** The receiver has closed its side. */
  onEnd(): void;
  /** Nothing can be written or read any more. */
  onLost(error: Error | undefined): void;
};

/** A socket during requests and between them, and what decides whether it can carry the next one. */
export class Connection {
  readonly socket: Socket;
  /** False during the first request: what fails then is no stale connection. */
  reused = false;
  /** True once bytes came that were no part of an answer: the next answer could not be told from such bytes. */
  receivedUnsolicited = false;
  /** The first of those bytes, if they came before a request. */
  unsolicitedBytes: Buffer | undefined;
  error: Error | undefined;
  readonly #limits: ConnectionLimits;
  readonly #leadsHere: IsCurrentAddress;
  readonly #address: string | undefined;
  readonly #openedAt = performance.now();
  #exchange: ExchangeHandlers | undefined;
  #requests = 0;
  #restMs: number;
  #restUntil = Number.POSITIVE_INFINITY;

  constructor(socket: Socket, limits: ConnectionLimits, leadsHere: IsCurrentAddress) {
    this.socket = socket;
    this.#address = socket.remoteAddress;
    this.#leadsHere = leadsHere;
    this.#limits = limits;
    this.#restMs = limits.maxIdleMs;
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.on('end', () => this.#exchange?.onEnd());
    socket.on('error', (error) => {
      this.error = error;
      this.#exchange?.onLost(error);
    });
    socket.on('close', () => this.#exchange?.onLost(this.error));
  }

  /** Hands all that happens on the socket to the request that is about to be written. */
  begin(exchange: ExchangeHandlers): void {
    this.#exchange = exchange;
    this.#requests++;
    this.#restUntil = Number.POSITIVE_INFINITY;
  }

  /** Ends the request; what comes from now on was not asked for. */
  finish(restAllowedMs: number): void {
    this.#exchange = undefined;
    this.#restMs = Math.min(restAllowedMs, this.#limits.maxIdleMs);
  }

  /** Ends the connection together with its request. */
  destroy(): void {
    this.#exchange = undefined;
    this.socket.destroy();
  }

  markIdle(): void {
    this.#restUntil = performance.now() + this.#restMs;
    this.reused = true;
  }

  isOpen(): boolean {
    const { destroyed, writable, readableEnded } = this.socket;
    return !destroyed && writable && !readableEnded;
  }

  /** True when it may carry one more request. */
  isUsable(): boolean {
    const now = performance.now();
    const isYoung = now - this.#openedAt < this.#limits.maxAgeMs && this.#requests < this.#limits.maxRequests;
    return this.isOpen() && isYoung && now < this.#restUntil && this.#leadsHere(this.#address);
  }

  #take(chunk: Buffer): void {
    if (this.#exchange) {
      this.#exchange.onData(chunk);
      return;
    }
    // RFC 9112 section 9.2: it would be taken for the answer to the next request.
    this.receivedUnsolicited = true;
    this.unsolicitedBytes ??= chunk;
    this.socket.destroy();
  }
}
