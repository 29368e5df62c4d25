/** Limit for extensions and trailers of a body in total. They are ignored, but a receiver could send them endlessly. */
const MAX_IGNORED_BYTES = 65_536;
const [CR, LF] = [0x0d, 0x0a];

type State = 'size' | 'extension' | 'data' | 'data_end' | 'trailer_line' | 'trailer' | 'complete' | 'invalid';

/** Decodes the chunked transfer coding (RFC 9112 section 7.1). Also accepts a bare LF as a line ending. */
export class ChunkedBody {
  state: State = 'size';
  #digits = 0;
  #size = 0;
  #ignored = 0;

  /**
   * Passes the data to `onData`. Returns how many bytes were consumed: fewer than all at the end or at invalid bytes.
   */
  read(chunk: Buffer, onData: (data: Buffer) => void): number {
    let consumed = 0;
    while (consumed < chunk.length && this.state !== 'complete' && this.state !== 'invalid') {
      if (this.state === 'data') {
        const data = chunk.subarray(consumed, consumed + this.#size);
        onData(data);
        consumed += data.length;
        this.#size -= data.length;
        if (this.#size === 0) this.state = 'data_end';
      } else this.#readByte(chunk[consumed++]!);
    }
    return consumed;
  }

  #readByte(byte: number): void {
    switch (this.state) {
      case 'size':
        this.#readSize(byte);
        break;
      case 'extension':
        if (byte === LF) this.#endSize();
        else this.#ignore();
        break;
      case 'data_end':
        if (byte === LF) this.#startLine('size');
        else if (byte !== CR) this.state = 'invalid';
        break;
      case 'trailer_line':
        this.#ignore();
        if (byte === LF) this.state = 'complete';
        else if (byte !== CR) this.#startLine('trailer');
        break;
      case 'trailer':
        if (byte === LF) this.#startLine('trailer_line');
        this.#ignore();
    }
  }

  #readSize(byte: number): void {
    const digit = digitOf(byte);
    if (digit !== undefined) {
      this.#size = this.#size * 16 + digit;
      if (++this.#digits > 12) this.state = 'invalid';
    } else if (this.#digits === 0) this.state = 'invalid';
    else if (byte === LF) this.#endSize();
    else this.state = endsSize(byte) ? 'extension' : 'invalid';
  }

  #endSize(): void {
    this.state = this.#size > 0 ? 'data' : 'trailer_line';
  }

  #startLine(state: State): void {
    this.state = state;
    this.#digits = 0;
  }

  #ignore(): void {
    if (++this.#ignored > MAX_IGNORED_BYTES) this.state = 'invalid';
  }
}

/** True for a CR and for bytes that start an extension. */
const endsSize = (byte: number): boolean => byte === CR || byte === 0x3b || byte === 0x20 || byte === 0x09;

function digitOf(byte: number): number | undefined {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : undefined;
}
