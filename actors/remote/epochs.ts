// What the owner thread may take back from edge threads at any moment, as counters in shared memory: a thread keeps the
// number with what it was handed, and compares on each call. A change is seen by every call that begins after it, and
// costs nobody a message. Credentials and circuits share counters by hash: one too many changes costs a question.

import { BEAT_INTERVAL_MS, TOKEN_SHARDS } from '../../src/core/limits.ts';
import type { Clock, Timer } from '../../src/core/time.ts';
import type { Grant } from './messages.ts';

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

  /** The place that the owner thread counts up: see `keepBeating`. */
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

  /** Neither the credential nor the circuit has changed since. */
  isCurrent({ tokenPlace, tokenEpoch, circuitPlace, circuitEpoch }: Grant): boolean {
    return this.at(tokenPlace) === tokenEpoch && this.at(circuitPlace) === circuitEpoch;
  }

  advance(place: number): void {
    Atomics.add(this.#counters, place, 1);
  }

  /** Counts the beat up as long as the owner thread runs, or until the function that it answers is called. */
  keepBeating(clock: Clock): () => void {
    let timer: Timer | null = null;
    const beat = () => {
      this.advance(BEAT);
      timer = clock.timerAt(clock.nowMs() + BEAT_INTERVAL_MS, beat);
    };
    beat();
    return () => timer?.cancel();
  }

  /** Takes everything back. */
  advanceAllTokens(): void {
    for (let shard = 0; shard < TOKEN_SHARDS; shard++) this.advance(this.tokenPlace(shard));
  }
}
