import { INITIAL_STATE_64, ROUND_CONSTANTS_64 } from './round-constants.ts';

const upperHalf = (word: bigint): number => Number(word >> 32n);
const INITIAL = Int32Array.from(INITIAL_STATE_64, upperHalf);
const CONSTANTS = Int32Array.from(ROUND_CONSTANTS_64.slice(0, 64), upperHalf);

const rotated = (word: number, by: number): number => (word >>> by) | (word << (32 - by));

/** SHA-256 (FIPS 180-4), synchronous: see the README for why it is not Web Crypto's. */
export function sha256(message: Uint8Array): Uint8Array {
  const state = Int32Array.from(INITIAL);
  const schedule = new Int32Array(64);
  const whole = message.length - (message.length % 64);
  const input = new DataView(message.buffer, message.byteOffset, message.byteLength);
  for (let at = 0; at < whole; at += 64) compress(state, schedule, input, at);

  const rest = message.length - whole;
  const tail = new Uint8Array(rest < 56 ? 64 : 128);
  tail.set(message.subarray(whole));
  tail[rest] = 0x80;
  const end = new DataView(tail.buffer);
  end.setBigUint64(tail.length - 8, BigInt(message.length) * 8n);
  for (let at = 0; at < tail.length; at += 64) compress(state, schedule, end, at);

  const digest = new DataView(new ArrayBuffer(32));
  for (let i = 0; i < 8; i++) digest.setInt32(i * 4, state[i]!);
  return new Uint8Array(digest.buffer);
}

function compress(state: Int32Array, w: Int32Array, input: DataView, at: number): void {
  for (let i = 0; i < 16; i++) w[i] = input.getInt32(at + i * 4);
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15]!;
    const y = w[i - 2]!;
    const s0 = rotated(x, 7) ^ rotated(x, 18) ^ (x >>> 3);
    const s1 = rotated(y, 17) ^ rotated(y, 19) ^ (y >>> 10);
    w[i] = w[i - 16]! + s0 + w[i - 7]! + s1;
  }
  let [a, b, c, d] = [state[0]!, state[1]!, state[2]!, state[3]!];
  let [e, f, g, h] = [state[4]!, state[5]!, state[6]!, state[7]!];
  for (let i = 0; i < 64; i++) {
    const s1 = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25);
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + CONSTANTS[i]! + w[i]!) | 0;
    const s0 = rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22);
    const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  for (const [i, word] of [a, b, c, d, e, f, g, h].entries()) state[i]! += word;
}
