/** FIPS 180-4, 4.2 and 5.3: the constants of SHA-2 are the fractions of roots of the first primes, 64 bits of each. */
const primes: bigint[] = [];
for (let n = 2n; primes.length < 80; n++) if (primes.every((prime) => n % prime !== 0n)) primes.push(n);

const FRACTION = (1n << 64n) - 1n;

/** The first 64 bits after the point of the root of `n`, of the given degree. */
function fractionOfRoot(n: bigint, degree: bigint): bigint {
  const scaled = n << (64n * degree);
  let low = 0n;
  let high = 1n << 70n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** degree <= scaled) low = middle;
    else high = middle;
  }
  return low & FRACTION;
}

export const INITIAL_STATE_64: bigint[] = primes.slice(0, 8).map((prime) => fractionOfRoot(prime, 2n));
export const ROUND_CONSTANTS_64: bigint[] = primes.map((prime) => fractionOfRoot(prime, 3n));
