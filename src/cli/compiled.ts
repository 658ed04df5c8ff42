// What Node makes of our files is kept for the next start: their types stripped, their code compiled. Several hundred
// files take half a second of CPU to get ready, most of it the catalog's, and a tenth of that from here. Node compares
// each file with what it kept, so a changed one is never mistaken. Invariant: a folder that cannot be written costs
// time and nothing else.

import module from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** What is kept is run: the folder must be the user's own, never one that all share, such as the temporary one. */
function cacheFolder(env: Readonly<Record<string, string | undefined>>): string {
  const { XDG_CACHE_HOME: caches } = env;
  return join(caches === undefined || caches === '' ? join(homedir(), '.cache') : caches, 'tenon');
}

/** From now on files that are loaded are taken from there, and left there. To be called before most are loaded. */
export function keepCompiled(env: Record<string, string | undefined>): void {
  try {
    const folder = cacheFolder(env);
    // Deno keeps its own and does not know the function. Does nothing where NODE_DISABLE_COMPILE_CACHE is set.
    module.enableCompileCache?.(folder);
    // Threads look here; the writer of the store is one, and loads its part of the files itself.
    env['NODE_COMPILE_CACHE'] ??= folder;
  } catch {
    // A user without a home.
  }
}

/** Writes what is new. Node does so when it ends well, and a server may be one that is always killed. */
export function flushCompiled(): void {
  module.flushCompileCache?.();
}
