// What the owner thread may take back from edge threads at any moment, as counters in shared memory: a thread keeps the
// number with what it was handed, and compares on each call. A change is seen by every call that begins after it, and
// costs nobody a message. Credentials and circuits share counters by hash: one too many changes costs a question.

import { TOKEN_SHARDS } from '../../src/core/limits.ts';

/** Counters of circuits, as many as token shards: a change reaches one in 256 of the others. */
const CIRCUITS = TOKEN_SHARDS;
const BEAT = 0;
const TARGETS = 1;
const FIRST_TOKEN = 2;
const FIRST_CIRCUIT = FIRST_TOKEN + TOKEN_SHARDS;
const LENGTH = FIRST_CIRCUIT + CIRCUITS;

/** Shared with every edge thread; only the owner thread changes it. */
export class Epochs {
  readonly buffer: SharedArrayBuffer;
  readonly #counters: Int32Array<SharedArrayBuffer>;

  constructor(buffer = new SharedArrayBuffer(LENGTH * Int32Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#counters = new Int32Array(buffer);
  }

  /** The place of what targets and API keys say. */
  get targets(): number {
    return TARGETS;
  }

  /** The place that the owner thread counts up as long as it runs. */
  get beat(): number {
    return BEAT;
  }

  /** The place of the credentials of a token shard. */
  tokenPlace(shard: number): number {
    return FIRST_TOKEN + shard;
  }

  /** The place of a circuit. */
  circuitPlace(providerKey: string): number {
    let hash = 0;
    for (let index = 0; index < providerKey.length; index++) hash = (hash * 31 + providerKey.charCodeAt(index)) | 0;
    return FIRST_CIRCUIT + (Math.abs(hash) % CIRCUITS);
  }

  at(place: number): number {
    return Atomics.load(this.#counters, place);
  }

  advance(place: number): void {
    Atomics.add(this.#counters, place, 1);
  }

  /** Takes everything back. */
  advanceAllTokens(): void {
    for (let shard = 0; shard < TOKEN_SHARDS; shard++) this.advance(this.tokenPlace(shard));
  }
}
