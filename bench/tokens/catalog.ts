// How long the catalog takes to load: the age of a fresh process that has loaded it, less that of one that has loaded
// nothing, in turn. As any start but the first after an installation finds it, and as that one does.

import { execFileSync } from 'node:child_process';
import { env, execPath } from 'node:process';
import { inFolder } from '../harness/commits.ts';

const CHILD = new URL('./catalogChild.ts', import.meta.url).pathname;

/** Milliseconds above an empty process, one value per round. */
export interface CatalogOutcome {
  readonly providers: number;
  readonly loadMs: readonly number[];
  readonly cpuMs: readonly number[];
  /** Where Node has kept nothing of an earlier start. */
  readonly firstMs: readonly number[];
  readonly emptyMs: readonly number[];
}

interface Age {
  readonly providers: number;
  readonly ageMs: number;
  readonly cpuMs: number;
}

export function measureCatalog(rounds: number): Promise<CatalogOutcome> {
  return inFolder((caches) => {
    const outcome = { loadMs: [] as number[], cpuMs: [] as number[], firstMs: [] as number[], emptyMs: [] as number[] };
    const { providers } = ageOf('catalog', caches);
    for (let round = 0; round < rounds; round++) {
      const [empty, loaded] = [ageOf('nothing', caches), ageOf('catalog', caches)];
      const [emptyFirst, first] = [ageOf('nothing', null), ageOf('catalog', null)];
      outcome.emptyMs.push(empty.ageMs);
      outcome.loadMs.push(loaded.ageMs - empty.ageMs);
      outcome.cpuMs.push(loaded.cpuMs - empty.cpuMs);
      outcome.firstMs.push(first.ageMs - emptyFirst.ageMs);
    }
    return { providers, ...outcome };
  });
}

/** `caches` is the user's cache folder; null: nothing is kept. */
function ageOf(loads: 'catalog' | 'nothing', caches: string | null): Age {
  const { NODE_COMPILE_CACHE: _, ...others } = env;
  const settings = { ...others, BENCH_LOADS: loads, BENCH_KEEPS: caches === null ? 'no' : 'yes' };
  const output = execFileSync(execPath, [CHILD], {
    env: { ...settings, XDG_CACHE_HOME: caches ?? '' },
    encoding: 'utf8',
  });
  return JSON.parse(output) as Age;
}
