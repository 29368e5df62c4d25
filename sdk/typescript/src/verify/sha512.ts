import { INITIAL_STATE_64, ROUND_CONSTANTS_64 } from './round-constants.ts';

/** Words of 64 bits as pairs of 32, upper half first: with bigint a megabyte would take half a second. */
const pairs = (words: bigint[]): Int32Array =>
  Int32Array.from(words.flatMap((word) => [Number(word >> 32n), Number(word & 0xffffffffn)]));
const INITIAL = pairs(INITIAL_STATE_64);
const CONSTANTS = pairs(ROUND_CONSTANTS_64);

/** The upper half of the pair rotated right by less than 32; the lower half with the arguments changed over. */
const rotated = (upper: number, lower: number, by: number): number => (upper >>> by) | (lower << (32 - by));

/** SHA-512 (FIPS 180-4), synchronous. */
export function sha512(message: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil((message.length + 17) / 128) * 128);
  padded.set(message);
  padded[message.length] = 0x80;
  const input = new DataView(padded.buffer);
  input.setBigUint64(padded.length - 8, BigInt(message.length) * 8n);

  const state = Int32Array.from(INITIAL);
  const schedule = new Int32Array(160);
  for (let at = 0; at < padded.length; at += 128) compress(state, schedule, input, at);

  const digest = new DataView(new ArrayBuffer(64));
  for (let i = 0; i < 16; i++) digest.setInt32(i * 4, state[i]!);
  return new Uint8Array(digest.buffer);
}

function compress(state: Int32Array, w: Int32Array, input: DataView, at: number): void {
  for (let i = 0; i < 32; i++) w[i] = input.getInt32(at + i * 4);
  for (let i = 32; i < 160; i += 2) {
    const [xh, xl, yh, yl] = [w[i - 30]!, w[i - 29]!, w[i - 4]!, w[i - 3]!];
    const s0h = rotated(xh, xl, 1) ^ rotated(xh, xl, 8) ^ (xh >>> 7);
    const s0l = rotated(xl, xh, 1) ^ rotated(xl, xh, 8) ^ rotated(xl, xh, 7);
    const s1h = rotated(yh, yl, 19) ^ rotated(yl, yh, 29) ^ (yh >>> 6);
    const s1l = rotated(yl, yh, 19) ^ rotated(yh, yl, 29) ^ rotated(yl, yh, 6);
    const low = (w[i - 31]! >>> 0) + (s0l >>> 0) + (w[i - 13]! >>> 0) + (s1l >>> 0);
    w[i + 1] = low;
    w[i] = w[i - 32]! + s0h + w[i - 14]! + s1h + carryOf(low);
  }
  // a to h, a pair each.
  const v = Int32Array.from(state);
  for (let i = 0; i < 160; i += 2) {
    const [ah, al, bh, bl, ch, cl] = [v[0]!, v[1]!, v[2]!, v[3]!, v[4]!, v[5]!];
    const [eh, el, fh, fl, gh, gl] = [v[8]!, v[9]!, v[10]!, v[11]!, v[12]!, v[13]!];
    const s1h = rotated(eh, el, 14) ^ rotated(eh, el, 18) ^ rotated(el, eh, 9);
    const s1l = rotated(el, eh, 14) ^ rotated(el, eh, 18) ^ rotated(eh, el, 9);
    const choiceLow = (el & fl) ^ (~el & gl);
    const t1l =
      (v[15]! >>> 0) + (s1l >>> 0) + (choiceLow >>> 0) + (CONSTANTS[i + 1]! >>> 0) + (w[i + 1]! >>> 0);
    const t1h = v[14]! + s1h + ((eh & fh) ^ (~eh & gh)) + CONSTANTS[i]! + w[i]! + carryOf(t1l);
    const s0h = rotated(ah, al, 28) ^ rotated(al, ah, 2) ^ rotated(al, ah, 7);
    const s0l = rotated(al, ah, 28) ^ rotated(ah, al, 2) ^ rotated(ah, al, 7);
    const majorityLow = (al & bl) ^ (al & cl) ^ (bl & cl);
    const newALow = (t1l >>> 0) + (s0l >>> 0) + (majorityLow >>> 0);
    const newAHigh = t1h + s0h + ((ah & bh) ^ (ah & ch) ^ (bh & ch)) + carryOf(newALow);
    const newELow = (v[7]! >>> 0) + (t1l >>> 0);
    const newEHigh = v[6]! + t1h + carryOf(newELow);
    v.copyWithin(2, 0, 14);
    v.set([newAHigh, newALow], 0);
    v.set([newEHigh, newELow], 8);
  }
  for (let i = 0; i < 16; i += 2) {
    const low = (state[i + 1]! >>> 0) + (v[i + 1]! >>> 0);
    state[i] = state[i]! + v[i]! + carryOf(low);
    state[i + 1] = low;
  }
}

const carryOf = (sum: number): number => Math.floor(sum / 0x100000000);
