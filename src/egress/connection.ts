import type { Socket } from 'node:net';

/** More than this before the end of an answer's head is no head: line ends or early hints without end. */
const MAX_BYTES_BEFORE_ANSWER = 262_144;

/** A socket during requests and between them, and what decides whether it can carry the next one. */
export class Connection {
  readonly socket: Socket;
  /** Bytes of the present answer. 0 when a reused connection fails: the receiver had closed it. */
  received = 0;
  /** False during the first request: what fails then is no stale connection. */
  reused = false;
  #state: 'asking' | 'answered' | 'resting' = 'asking';
  readonly #maxRestMs: number;
  #restMs: number;
  #restUntil = Number.POSITIVE_INFINITY;

  /** `maxRestMs`: how long it may rest between two requests. */
  constructor(socket: Socket, maxRestMs: number) {
    this.socket = socket;
    this.#maxRestMs = maxRestMs;
    this.#restMs = maxRestMs;
    socket.on('data', (chunk: Buffer) => this.#count(chunk.length));
  }

  begin(): void {
    this.#state = 'asking';
    this.received = 0;
    this.#restUntil = Number.POSITIVE_INFINITY;
  }

  /** From here on the bytes belong to a body, which is bounded by what is kept of it. */
  answerBegan(restAllowedMs: number): void {
    this.#state = 'answered';
    this.#restMs = Math.min(restAllowedMs, this.#maxRestMs);
  }

  rest(): void {
    this.#state = 'resting';
    this.#restUntil = performance.now() + this.#restMs;
    this.reused = true;
    this.socket.resume();
  }

  isUsable(): boolean {
    const { destroyed, writable, readableEnded } = this.socket;
    return !destroyed && writable && !readableEnded && performance.now() < this.#restUntil;
  }

  #count(bytes: number): void {
    this.received += bytes;
    // What comes while nothing was asked would be taken for the answer to the next request.
    if (this.#state === 'resting') this.socket.destroy();
    else if (this.#state === 'asking' && this.received > MAX_BYTES_BEFORE_ANSWER) {
      this.socket.destroy(Object.assign(new Error(), { code: 'HPE_HEADER_OVERFLOW' }));
    }
  }
}
