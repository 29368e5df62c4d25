import type { InvalidResponse } from '../failure.ts';
import { ChunkedBody } from './chunked-body.ts';
import { parseResponseHead, parseStatus, type ResponseHead } from './response-head.ts';

export type ReceiverResponse = {
  kind: 'responded';
  statusCode: number;
  headers: Record<string, string | string[]>;
  body: Buffer;
  /** True when headers or body exceed the limits or did not arrive completely. */
  truncated: boolean;
};

export type ResponseLimits = {
  /** Limit for the bytes of a head. */
  maxHeaderBytes: number;
  /** Bytes of a body that are kept. Reading stops there. */
  maxBodyBytes: number;
};

/** Limit for empty lines and interim responses before the response. A receiver could send them endlessly. */
const MAX_BYTES_BEFORE_RESPONSE = 262_144;
const LF = 0x0a;
const CR = 0x0d;

/**
 * - `head`: the final head has not arrived completely.
 * - `body`: the head has arrived, the body has not arrived completely.
 * - `complete`: the response has arrived completely.
 * - `truncated`: the status counts, but the rest is not read: it is too long or its framing is invalid.
 * - `invalid`: the received bytes are not an HTTP response; `problem` says why.
 */
export type ReaderState = 'head' | 'body' | 'complete' | 'truncated' | 'invalid';

/**
 * Parses one response as its bytes arrive. Once the status code is known it decides the attempt, even if the rest never
 * arrives or is invalid. node:http would report only an error then.
 */
export class ResponseReader {
  state: ReaderState = 'head';
  problem: InvalidResponse | undefined;
  /** All bytes received, including invalid ones. */
  receivedBytes = 0;
  /** True when bytes arrived after the end of the response. They belong to no request. */
  hasExtraBytes = false;
  head: ResponseHead | undefined;
  readonly #limits: ResponseLimits;
  /** The current head, as far as it has arrived. */
  #text = '';
  #statusCode: number | undefined;
  /** Bytes of the current line of the head, which may have begun in an earlier chunk. */
  #lineBytes = 0;
  #lastByte = LF;
  #remaining = 0;
  #chunked: ChunkedBody | undefined;
  readonly #body: Buffer[] = [];
  #bodyCapacity: number;

  constructor(limits: ResponseLimits) {
    this.#limits = limits;
    this.#bodyCapacity = limits.maxBodyBytes;
  }

  read(chunk: Buffer): void {
    this.receivedBytes += chunk.length;
    let rest: Buffer = chunk;
    while (this.state === 'head' && rest.length > 0) rest = this.#readHead(rest);
    if (this.state === 'head' && this.receivedBytes > MAX_BYTES_BEFORE_RESPONSE) this.#endEarly();
    if (this.state === 'body') rest = this.#readBody(rest);
    if (this.state === 'complete' && rest.length > 0) this.hasExtraBytes = true;
  }

  /** Call it when the receiver closes its side, which ends a body without a length. */
  end(): void {
    if (this.state === 'body' && this.head?.framing.kind === 'until_close') this.state = 'complete';
  }

  /** The first 16 bytes received, by which another protocol can be recognized. */
  get firstBytes(): Buffer {
    return Buffer.from(this.#text.slice(0, 16), 'latin1');
  }

  /** The response as far as it has arrived; undefined while its status code is unknown. */
  response(): ReceiverResponse | undefined {
    if (this.state === 'invalid' || !isFinal(this.#statusCode)) return undefined;
    const { headers, statusCode } = this.head ?? parseResponseHead(this.#text, this.#statusCode);
    const body = Buffer.concat(this.#body);
    return { kind: 'responded', statusCode, headers, body, truncated: this.state !== 'complete' };
  }

  /** Returns the bytes after the head. */
  #readHead(chunk: Buffer): Buffer {
    if (this.#text === '') {
      // Empty lines before the status line are skipped (RFC 9112 section 2.2).
      const start = chunk.findIndex((byte) => byte !== CR && byte !== LF);
      if (start !== 0) return chunk.subarray(start < 0 ? chunk.length : start);
    }
    let lineStart = 0;
    for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, lineStart)) {
      const lineBytes = this.#lineBytes + at - lineStart;
      const before = at > 0 ? chunk[at - 1] : this.#lastByte;
      this.#lineBytes = 0;
      lineStart = at + 1;
      if (lineBytes === 0 || (lineBytes === 1 && before === CR)) {
        this.#text += chunk.toString('latin1', 0, lineStart);
        this.#endHead();
        return chunk.subarray(lineStart);
      }
    }
    this.#lineBytes += chunk.length - lineStart;
    this.#lastByte = chunk[chunk.length - 1]!;
    this.#text += chunk.toString('latin1');
    this.#checkStatus();
    if (this.#text.length > this.#limits.maxHeaderBytes) this.#endEarly();
    return chunk.subarray(chunk.length);
  }

  #endHead(): void {
    this.#checkStatus();
    if (this.state !== 'head') return;
    if (this.#text.length > this.#limits.maxHeaderBytes) this.#endEarly();
    else if (isFinal(this.#statusCode)) this.#begin(this.#statusCode!);
    else this.#skipInterimResponse();
  }

  #checkStatus(): void {
    if (this.#statusCode !== undefined) return;
    this.#statusCode = parseStatus(this.#text);
    if (this.#statusCode !== undefined) {
      if (this.#statusCode < 100) this.#fail('INVALID_STATUS');
    } else if (cannotBeHttp(this.#text)) this.#fail('NOT_HTTP');
  }

  /** Skips an interim response (RFC 9110 section 15.2): the final response follows. */
  #skipInterimResponse(): void {
    this.#text = '';
    this.#statusCode = undefined;
  }

  #endEarly(): void {
    if (this.state !== 'head') return;
    if (isFinal(this.#statusCode)) {
      this.#text = this.#text.slice(0, this.#limits.maxHeaderBytes);
      this.state = 'truncated';
    } else this.#fail('HEADERS_TOO_LARGE');
  }

  #fail(problem: InvalidResponse): void {
    this.state = 'invalid';
    this.problem = problem;
  }

  #begin(statusCode: number): void {
    this.head = parseResponseHead(this.#text, statusCode);
    this.state = 'body';
    const { framing } = this.head;
    if (framing.kind === 'chunked') this.#chunked = new ChunkedBody();
    this.#remaining = framing.kind === 'length' ? framing.bytes : Number.POSITIVE_INFINITY;
    if (this.#remaining === 0) this.state = 'complete';
  }

  /** Returns the bytes after the body. */
  #readBody(chunk: Buffer): Buffer {
    const used = this.#chunked ? this.#readChunked(this.#chunked, chunk) : this.#readPlain(chunk);
    if (this.#bodyCapacity < 0) this.state = 'truncated';
    // The end of this body is unknown, so waiting for it would last until the deadline.
    else if (this.head?.framing.kind === 'unknown') this.state = 'truncated';
    return chunk.subarray(used);
  }

  #readPlain(chunk: Buffer): number {
    const used = Math.min(this.#remaining, chunk.length);
    this.#append(chunk.subarray(0, used));
    this.#remaining -= used;
    if (this.#remaining === 0) this.state = 'complete';
    return used;
  }

  #readChunked(body: ChunkedBody, chunk: Buffer): number {
    const used = body.read(chunk, (data) => this.#append(data));
    if (body.state === 'complete') this.state = 'complete';
    else if (body.state === 'invalid') this.state = 'truncated';
    return used;
  }

  #append(data: Buffer): void {
    if (this.#bodyCapacity > 0 && data.length > 0) this.#body.push(data.subarray(0, this.#bodyCapacity));
    this.#bodyCapacity -= data.length;
  }
}

/** 101 is treated as final: Posthorn never asks for another protocol. */
const isFinal = (statusCode: number | undefined): statusCode is number =>
  statusCode !== undefined && (statusCode >= 200 || statusCode === 101);

/** True when no valid status line can follow: wrong start, no status code, or more than 64 bytes. */
const cannotBeHttp = (text: string): boolean =>
  !text.startsWith('HTTP/'.slice(0, text.length)) || text.includes('\n') || text.length > 64;
