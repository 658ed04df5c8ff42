// Which of n owners a shard belongs to.

/**
 * Jump consistent hash: 0 to `buckets` - 1, even, and when a bucket is added only 1/n of the keys move, all of them to
 * the new one. `key` is an integer from 0 to 2^32 - 1.
 * Source: Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm" (2014).
 */
export function jumpHash(key: number, buckets: number): number {
  let state = BigInt(key);
  let bucket = 0;
  let next = 0;
  while (next < buckets) {
    bucket = next;
    state = BigInt.asUintN(64, state * 2862933555777941757n + 1n);
    next = Math.floor((bucket + 1) * (2 ** 31 / (Number(state >> 33n) + 1)));
  }
  return bucket;
}
