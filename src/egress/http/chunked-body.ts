/** Extensions and trailers of a body in all: nothing here reads them, and a receiver could write them for ever. */
const MAX_IGNORED_BYTES = 65_536;
const [CR, LF] = [0x0d, 0x0a];

type State = 'size' | 'extension' | 'data' | 'data_end' | 'trailer_line' | 'trailer' | 'complete' | 'broken';

/** Decodes the chunked transfer coding (RFC 9112 section 7.1); a bare LF ends a line, too. */
export class ChunkedBody {
  state: State = 'size';
  #digits = 0;
  #size = 0;
  #ignored = 0;

  /** Hands the data to `keep` and returns how many bytes were used: fewer than all at the end, or where it broke. */
  read(chunk: Buffer, keep: (data: Buffer) => void): number {
    let at = 0;
    while (at < chunk.length && this.state !== 'complete' && this.state !== 'broken') {
      if (this.state === 'data') {
        const data = chunk.subarray(at, at + this.#size);
        keep(data);
        at += data.length;
        this.#size -= data.length;
        if (this.#size === 0) this.state = 'data_end';
      } else this.#take(chunk[at++]!);
    }
    return at;
  }

  #take(byte: number): void {
    switch (this.state) {
      case 'size':
        this.#takeSize(byte);
        break;
      case 'extension':
        if (byte === LF) this.#endSize();
        else this.#ignore();
        break;
      case 'data_end':
        if (byte === LF) this.#begin('size');
        else if (byte !== CR) this.state = 'broken';
        break;
      case 'trailer_line':
        this.#ignore();
        if (byte === LF) this.state = 'complete';
        else if (byte !== CR) this.#begin('trailer');
        break;
      case 'trailer':
        if (byte === LF) this.#begin('trailer_line');
        this.#ignore();
    }
  }

  #takeSize(byte: number): void {
    const digit = digitOf(byte);
    if (digit !== undefined) {
      this.#size = this.#size * 16 + digit;
      if (++this.#digits > 12) this.state = 'broken';
    } else if (this.#digits === 0) this.state = 'broken';
    else if (byte === LF) this.#endSize();
    else this.state = endsSize(byte) ? 'extension' : 'broken';
  }

  #endSize(): void {
    this.state = this.#size > 0 ? 'data' : 'trailer_line';
  }

  #begin(state: State): void {
    this.state = state;
    this.#digits = 0;
  }

  #ignore(): void {
    if (++this.#ignored > MAX_IGNORED_BYTES) this.state = 'broken';
  }
}

/** A line end, or the beginning of an extension. */
const endsSize = (byte: number): boolean => byte === CR || byte === 0x3b || byte === 0x20 || byte === 0x09;

function digitOf(byte: number): number | undefined {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : undefined;
}
