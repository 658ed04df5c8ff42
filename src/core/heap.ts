// What Tenon asks of V8's heap.

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
