// What Tenon asks of V8.

import { executionAsyncResource } from 'node:async_hooks';
import process from 'node:process';
import { setFlagsFromString } from 'node:v8';

/**
 * Objects are made in the young space, always. V8 makes those of a place in the code in the old space once it has seen
 * most of them live through a few scavenges (allocation site pretenuring), and never looks again. A call's objects do
 * that while a pause piles calls up; from then on each call left 1.3 KB in the old space, which kept what it pointed to
 * alive, made each scavenge slower and had the whole heap marked every few seconds. Looked at only when a decision is
 * due, so it may be set at any time; it goes for the whole process, its threads included. Deno has the same V8.
 */
export function keepNewObjectsYoung(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}

/**
 * Optimised code may be put together of more functions: V8 stops at 920 bytes of bytecode, a browser page's measure,
 * which the way of a proxied call is several times. A call costs 1.1 to 1.5 µs less with 4000, and no less with 8000.
 * Looked at when a function is optimised, so to be asked early; it goes for the whole process, its threads included.
 */
export function inlineWholeCalls(): void {
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=4000');
}

/**
 * The old space may grow to three times what a full collection left alive, or half way to the largest heap, before all
 * of it is collected again. Calls leave little there, so V8 lets it grow by its least step only, 8 MB on 50: collecting
 * costs next to no throughput. It costs time instead: every call waits 50 to 70 ms where V8's threads have no core of
 * their own. A third as many of these pauses, for at most twice the live heap; it is still given back when nothing goes
 * on. Looked at after each full collection, so to be asked early; it goes for the whole process, its threads included.
 */
export function collectFullyLessOften(): void {
  setFlagsFromString('--heap-growing-percent=200');
}

/** For as long as the thread runs. */
const kept: object[] = [];

/**
 * Keeps one of the objects that `process.nextTick` makes, with the hidden classes of all of them. They die otherwise in
 * a full collection that comes while no tick is waiting, as one does soon after the start. V8 then sees objects of
 * another class where node's literal with computed keys had always had the same, and calls into its runtime for each
 * key from there on, for good: a tick cost 0.5 to 1 µs instead of 0.07, and a proxied call has six of them. To be asked
 * early, in each thread.
 */
export function keepTicksFast(): void {
  process.nextTick(() => kept.push(executionAsyncResource()));
}
