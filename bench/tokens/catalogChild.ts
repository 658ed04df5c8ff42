// A process that loads the catalog, or nothing, and says how old it is then. It keeps what Node makes of the files as
// `tenon` does.

import process from 'node:process';
import { flushCompiled, keepCompiled } from '../../src/cli/compiled.ts';

if (process.env['BENCH_KEEPS'] === 'yes') keepCompiled(process.env);
let providers = 0;
if (process.env['BENCH_LOADS'] === 'catalog') {
  const { createCatalog } = await import('../../src/catalog/catalog.ts');
  providers = createCatalog().list().length;
}
const ageMs = performance.now();
const cpu = process.cpuUsage();
flushCompiled();
process.stdout.write(JSON.stringify({ providers, ageMs, cpuMs: (cpu.user + cpu.system) / 1000 }));
