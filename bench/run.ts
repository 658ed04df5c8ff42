// `npm run bench -- <name>`: runs bench/<name>.ts, prints its table and writes bench/results/<name>.json. Without a
// name it lists what there is.

import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { argv, cwd, exit } from 'node:process';
import { type Bench, resultOf, tableOf, writeResult } from './harness/result.ts';

const NAMES = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && file !== 'run.ts')
  .map((file) => file.slice(0, -'.ts'.length));

async function load(name: string): Promise<Bench> {
  const { bench } = (await import(`./${name}.ts`)) as { readonly bench: Bench };
  return bench;
}

const [name] = argv.slice(2);
if (name === undefined) {
  for (const each of NAMES) console.log(`${each.padEnd(10)} ${(await load(each)).question}`);
} else if (NAMES.includes(name)) {
  const bench = await load(name);
  console.log(bench.question);
  const findings = await bench.run();
  console.log(tableOf(findings));
  const path = writeResult(join(import.meta.dirname, 'results'), resultOf(name, new Date(), findings));
  console.log(`written to ${relative(cwd(), path)}`);
} else {
  console.error(`there is no bench called "${name}"; there are ${NAMES.join(', ')}`);
  exit(2);
}
