import type { InvalidResponse } from '../failure.ts';
import { ChunkedBody } from './chunked-body.ts';
import { parseResponseHead, parseStatus, type ResponseHead } from './response-head.ts';

export type ReceiverResponse = {
  kind: 'responded';
  statusCode: number;
  headers: Record<string, string | string[]>;
  body: Buffer;
  /** True when headers or body were longer than what was kept, or did not come to their end. */
  truncated: boolean;
};

export type ResponseLimits = {
  /** Bytes of a head that are read and kept. */
  maxHeaderBytes: number;
  /** Bytes of a body that are kept; reading stops there. */
  maxBodyBytes: number;
};

/** Line ends and early hints before the answer: a receiver could write them for ever. */
const MAX_BYTES_BEFORE_ANSWER = 262_144;
const LF = 0x0a;
const CR = 0x0d;

/**
 * - `head`: no final head has arrived whole.
 * - `body`: it has, and its body has not.
 * - `complete`: the answer has come to its end.
 * - `cut`: the answer stands, and no more of it can be read: it is too long, or is not framed as HTTP asks.
 * - `invalid`: what came is no HTTP; `problem` says why.
 */
export type ReaderState = 'head' | 'body' | 'complete' | 'cut' | 'invalid';

/**
 * Reads one answer from bytes as they arrive. The status decides about an attempt, so that it counts from the moment
 * in which it is known, whatever follows: node:http would report only an error.
 */
export class ResponseReader {
  state: ReaderState = 'head';
  problem: InvalidResponse | undefined;
  /** Bytes of the answer, or of what came instead of one. */
  receivedBytes = 0;
  /** True when bytes came after the end of the answer: they belong to no request. */
  hasExtraBytes = false;
  head: ResponseHead | undefined;
  readonly #limits: ResponseLimits;
  /** The present head, as far as it has arrived. */
  #text = '';
  #statusCode: number | undefined;
  /** Bytes of the present line of the head, which may have begun in an earlier chunk. */
  #lineBytes = 0;
  #lastByte = LF;
  #left = 0;
  #chunked: ChunkedBody | undefined;
  readonly #kept: Buffer[] = [];
  #room: number;

  constructor(limits: ResponseLimits) {
    this.#limits = limits;
    this.#room = limits.maxBodyBytes;
  }

  read(chunk: Buffer): void {
    this.receivedBytes += chunk.length;
    let rest: Buffer = chunk;
    while (this.state === 'head' && rest.length > 0) rest = this.#readHead(rest);
    if (this.state === 'head' && this.receivedBytes > MAX_BYTES_BEFORE_ANSWER) this.#endEarly();
    if (this.state === 'body') rest = this.#readBody(rest);
    if (this.state === 'complete' && rest.length > 0) this.hasExtraBytes = true;
  }

  /** The receiver closed its side: that is how some bodies end. */
  end(): void {
    if (this.state === 'body' && this.head?.framing.kind === 'until_close') this.state = 'complete';
  }

  /** The first bytes of what came, by which another protocol can be told. */
  get firstBytes(): Buffer {
    return Buffer.from(this.#text.slice(0, 16), 'latin1');
  }

  /** What has arrived of the answer; undefined while its status is unknown. */
  response(): ReceiverResponse | undefined {
    if (this.state === 'invalid' || !isFinal(this.#statusCode)) return undefined;
    const { headers, statusCode } = this.head ?? parseResponseHead(this.#text, this.#statusCode);
    const body = Buffer.concat(this.#kept);
    return { kind: 'responded', statusCode, headers, body, truncated: this.state !== 'complete' };
  }

  /** Returns what follows the head. */
  #readHead(chunk: Buffer): Buffer {
    if (this.#text === '') {
      // Empty lines before a status line are skipped (RFC 9112 section 2.2).
      const firstBytes = chunk.findIndex((byte) => byte !== CR && byte !== LF);
      if (firstBytes !== 0) return chunk.subarray(firstBytes < 0 ? chunk.length : firstBytes);
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
    else this.#skipHint();
  }

  #checkStatus(): void {
    if (this.#statusCode !== undefined) return;
    this.#statusCode = parseStatus(this.#text);
    if (this.#statusCode !== undefined) {
      if (this.#statusCode < 100) this.#refuse('INVALID_STATUS');
    } else if (cannotBeHttp(this.#text)) this.#refuse('NOT_HTTP');
  }

  /** An interim answer (RFC 9110 section 15.2): the one that counts comes after it. */
  #skipHint(): void {
    this.#text = '';
    this.#statusCode = undefined;
  }

  #endEarly(): void {
    if (this.state !== 'head') return;
    if (isFinal(this.#statusCode)) {
      this.#text = this.#text.slice(0, this.#limits.maxHeaderBytes);
      this.state = 'cut';
    } else this.#refuse('HEADERS_TOO_LARGE');
  }

  #refuse(problem: InvalidResponse): void {
    this.state = 'invalid';
    this.problem = problem;
  }

  #begin(statusCode: number): void {
    this.head = parseResponseHead(this.#text, statusCode);
    this.state = 'body';
    const { framing } = this.head;
    if (framing.kind === 'chunked') this.#chunked = new ChunkedBody();
    this.#left = framing.kind === 'length' ? framing.bytes : Number.POSITIVE_INFINITY;
    if (this.#left === 0) this.state = 'complete';
  }

  /** Returns what follows the body. */
  #readBody(chunk: Buffer): Buffer {
    const used = this.#chunked ? this.#readChunked(this.#chunked, chunk) : this.#readPlain(chunk);
    if (this.#room < 0) this.state = 'cut';
    // Nothing says where this body ends: waiting for more of it would last until the deadline.
    else if (this.head?.framing.kind === 'unknown') this.state = 'cut';
    return chunk.subarray(used);
  }

  #readPlain(chunk: Buffer): number {
    const used = Math.min(this.#left, chunk.length);
    this.#keep(chunk.subarray(0, used));
    this.#left -= used;
    if (this.#left === 0) this.state = 'complete';
    return used;
  }

  #readChunked(body: ChunkedBody, chunk: Buffer): number {
    const used = body.read(chunk, (data) => this.#keep(data));
    if (body.state === 'complete') this.state = 'complete';
    else if (body.state === 'broken') this.state = 'cut';
    return used;
  }

  #keep(data: Buffer): void {
    if (this.#room > 0 && data.length > 0) this.#kept.push(data.subarray(0, this.#room));
    this.#room -= data.length;
  }
}

/** 101 is final for us: no other protocol is asked for. */
const isFinal = (statusCode: number | undefined): statusCode is number =>
  statusCode !== undefined && (statusCode >= 200 || statusCode === 101);

/** A status line without a status, or one that is too long to get one. */
const cannotBeHttp = (text: string): boolean =>
  !text.startsWith('HTTP/'.slice(0, text.length)) || text.includes('\n') || text.length > 64;
