// A thread that plays hours, one at a time, as `hours.ts` asks. What comes of an hour depends on nothing but its
// pattern, policy and seed.

import { parentPort } from 'node:worker_threads';
import { hourOf } from './hour.ts';
import type { HourAsked, HourTold } from './hours.ts';
import { PATTERNS } from './patterns.ts';
import { POLICIES } from './policies.ts';
import { randomOf } from './random.ts';

// Thousands give up in each second; where in the code is no question here.
Error.stackTraceLimit = 0;

parentPort?.on('message', async ({ index, pattern: name, policy: policyName, seed, lengthMs }: HourAsked) => {
  const pattern = PATTERNS.find((each) => each.name === name);
  const policy = POLICIES[policyName];
  if (pattern === undefined || policy === undefined) throw new Error(`nobody knows ${name} or ${policyName}`);
  const startMs = performance.now();
  const hour = await hourOf(pattern, policy, randomOf(seed), lengthMs);
  const told: HourTold = { index, hour, tookMs: performance.now() - startMs };
  parentPort?.postMessage(told);
});
