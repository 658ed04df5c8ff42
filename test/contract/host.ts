// What every host of actors promises, whatever it is made of: one process over a file today, several over leases or
// an engine tomorrow.

import { describe } from 'vitest';
import { testAnswers, testCrashes, testEffects, testReconciling } from './host/effects.ts';
import { testQuarantine } from './host/quarantine.ts';
import { testOwnership, testSteps } from './host/steps.ts';
import type { OpenHost } from './host/underTest.ts';
import { testAlarms, testEnds } from './host/waits.ts';

/** `open` opens a host on data that other hosts may have or have had. */
export function testHost(name: string, open: OpenHost): void {
  describe(name, () => {
    describe('its data', () => testOwnership(open));
    describe('a step', () => testSteps(open));
    describe('an effect', () => testEffects(open));
    describe('an answer', () => testAnswers(open));
    describe('a reconcile effect', () => testReconciling(open));
    describe('the story', () => testCrashes(open));
    describe('an alarm', () => testAlarms(open));
    describe('quarantine of', () => testQuarantine(open));
    describe('an actor that ends', () => testEnds(open));
  });
}
