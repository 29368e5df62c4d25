/**
 * A Bloom filter of the type and the attributes of an event, which no index of their own finds. A search reads it from the index of
 * the list, and the event only if it has all bits of what is looked for. Stored events keep the bits that this function computed: if
 * it changed, searches would miss them.
 */
export type SearchBits = { high: number; low: number };

/** Of the type, and of each attribute. If an event has four of these, about one in 200 is read that does not match. */
const BITS_OF_ITEM = 4;

type Searched = { type?: string | undefined; attributes?: Record<string, string> | undefined };

export function searchBitsOf({ type, attributes }: Searched): SearchBits {
  const bits = { high: 0, low: 0 };
  if (type !== undefined) setBits(bits, hashOf('', type));
  for (const name in attributes) setBits(bits, hashOf(name, attributes[name]!));
  return bits;
}

/** As a value of the type bigint in Postgres. */
export const asBigint = ({ high, low }: SearchBits): bigint => (BigInt(high) << 32n) | BigInt(low >>> 0);

/** Each six bits of the hash are the number of a bit. */
function setBits(bits: SearchBits, hash: number): void {
  for (let nth = 0; nth < BITS_OF_ITEM; nth += 1) {
    const bit = (hash >>> (6 * nth)) & 63;
    if (bit < 32) bits.low |= 1 << bit;
    else bits.high |= 1 << (bit - 32);
  }
}

/**
 * FNV-1a with 32 bits over the UTF-16 code units of both texts with a zero between them, and the last steps of MurmurHash3, by which
 * each bit depends on all of them.
 */
function hashOf(name: string, value: string): number {
  let hash = mix(mix(FNV_OFFSET, name), value);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

function mix(seed: number, text: string): number {
  let hash = seed;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), FNV_PRIME);
  return Math.imul(hash, FNV_PRIME);
}
