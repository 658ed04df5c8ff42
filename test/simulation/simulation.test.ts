// A few hundred seeds of the product as it is, and the broken ones, each of which must be caught. `npm run simulate`
// runs as many seeds as one likes, on every core.

import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { noWindowIsOverspent } from './invariants.ts';
import { MUTANTS, type MutantName } from './mutants.ts';
import { type SeedResult, scratchFolder, simulate } from './simulate.ts';
import { makeTemplate } from './template.ts';

const SEEDS = 300;
/** Seeds within which a broken Tenon must be caught. */
const CAUGHT_WITHIN = 200;
const TIMEOUT_MS = 300_000;

const folder = scratchFolder();
const template = join(folder, 'template.db');

beforeAll(() => makeTemplate(template));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The first seed that breaks a promise; null if none does. */
async function firstBroken(count: number, mutant: MutantName): Promise<SeedResult | null> {
  for (let seed = 1; seed <= count; seed++) {
    const result = await simulate(seed, template, { mutant });
    if (result.violation !== null) return result;
  }
  return null;
}

describe('a simulated Tenon', () => {
  it(`keeps every promise under ${SEEDS} seeds`, { timeout: TIMEOUT_MS }, async () => {
    const broken = await firstBroken(SEEDS, 'none');
    // With the end of the trace, so that a failure in CI can be understood there.
    expect(broken === null ? null : [broken.seed, broken.violation, broken.trace.slice(-40)]).toBeNull();
  });

  it.each([1, 2, 3, 5, 8, 13])('does the same whenever seed %i is run', async (seed) => {
    const [first, again] = [await simulate(seed, template), await simulate(seed, template, { isVerbose: true })];
    expect([again.traceHash, again.events]).toEqual([first.traceHash, first.events]);
    expect((await simulate(seed + 1, template)).traceHash).not.toBe(first.traceHash);
  });
});

describe('a Tenon that is broken on purpose', () => {
  const names = (Object.keys(MUTANTS) as MutantName[]).filter((name) => name !== 'none');

  it.each(names.map((name) => [MUTANTS[name].does, name] as const))(
    'is caught: it %s',
    { timeout: TIMEOUT_MS },
    async (_does, name) => {
      expect(await firstBroken(CAUGHT_WITHIN, name)).not.toBeNull();
    },
  );
});

describe('a window of calls', () => {
  it('is overspent by one call more than it allows, waiting taken into account', () => {
    const calls = (count: number, apartMs: number) => Array.from({ length: count }, (_, index) => index * apartMs);
    expect(noWindowIsOverspent(calls(4, 1000), 3, 60_000)).toContain('4 calls within 3000 ms');
    expect(noWindowIsOverspent(calls(3, 1000), 3, 60_000)).toBeNull();
    expect(noWindowIsOverspent(calls(4, 20_000), 3, 60_000)).toBeNull();
  });
});
