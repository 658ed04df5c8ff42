// `npm run simulate`: runs seeds on every core and says how fast. The first seed that breaks a promise ends it, with
// the end of its trace and the command that repeats it exactly. `--seeds N`, `--from S`, `--mutant name`; `--seed S`
// runs that one alone and prints its whole trace.

import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { MUTANTS, type MutantName } from './mutants.ts';
import { type SeedResult, scratchFolder, simulate } from './simulate.ts';
import { makeTemplate } from './template.ts';

const SEEDS = 300;
const TRACE_LINES_SHOWN = 40;
/** Seeds that a thread is handed at a time: few, so that the first broken one is known early. */
const SEEDS_PER_HAND = 4;

interface Options {
  readonly from: number;
  readonly seeds: number;
  readonly mutant: MutantName;
  readonly template: string;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function numberOf(text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  if (!/^\d{1,9}$/.test(text)) throw new Error(`"${text}" is not a whole number`);
  return Number(text);
}

function mutantOf(text: string | undefined): MutantName {
  if (text === undefined) return 'none';
  if (Object.hasOwn(MUTANTS, text)) return text as MutantName;
  throw new Error(`there is no mutant "${text}"; there are ${Object.keys(MUTANTS).join(', ')}`);
}

/** One seed with its whole trace. */
async function replay(seed: number, { template, mutant }: Options): Promise<boolean> {
  const { trace, violation, traceHash, events } = await simulate(seed, template, { mutant, isVerbose: true });
  for (const line of trace) say(line);
  say(`seed ${seed}: ${events} events, trace ${traceHash}`);
  say(violation === null ? 'every promise was kept' : `broke ${violation.invariant}: ${violation.message}`);
  return violation === null;
}

/** Hands seeds to one thread per core; answers the first seed, in their order, that broke a promise. */
function runSeeds(options: Options, onDone: (events: number) => void): Promise<SeedResult | null> {
  const { from, seeds } = options;
  let next = from;
  let first: SeedResult | null = null;
  const ended = Array.from({ length: Math.min(availableParallelism(), seeds) }, () => {
    const worker = new Worker(new URL(import.meta.url), { workerData: options });
    const hand = () => {
      // Seeds behind the first broken one are of no interest, those before it are.
      const end = Math.min(next + SEEDS_PER_HAND, first?.seed ?? from + seeds);
      worker.postMessage(Array.from({ length: Math.max(0, end - next) }, (_, index) => next + index));
      next = Math.max(next, end);
    };
    return new Promise<void>((resolve, reject) => {
      worker.on('message', (result: SeedResult | null) => {
        if (result === null) return hand();
        onDone(result.events);
        if (result.violation !== null && (first === null || result.seed < first.seed)) first = result;
      });
      worker.on('error', reject);
      worker.on('exit', resolve);
    });
  });
  return Promise.all(ended).then(() => first);
}

/** A thread: runs what it is handed and asks for more; nothing more ends it. */
async function work({ template, mutant }: Options): Promise<void> {
  for (;;) {
    const seeds = await new Promise<number[]>((resolve) => {
      parentPort?.once('message', resolve);
      parentPort?.postMessage(null);
    });
    if (seeds.length === 0) return;
    for (const seed of seeds) parentPort?.postMessage(await simulate(seed, template, { mutant }));
  }
}

function report({ seed, violation, trace }: SeedResult, { mutant }: Options): void {
  for (const line of trace.slice(-TRACE_LINES_SHOWN)) say(`  ${line}`);
  say(`seed ${seed} broke ${violation?.invariant}: ${violation?.message}`);
  say(
    `again, with its whole trace: npm run simulate -- --seed ${seed}${mutant === 'none' ? '' : ` --mutant ${mutant}`}`,
  );
}

async function runAndReport(options: Options): Promise<boolean> {
  const startedMs = performance.now();
  let done = 0;
  let events = 0;
  const first = await runSeeds(options, (count) => {
    done += 1;
    events += count;
    if (process.stdout.isTTY) process.stdout.write(`\r${done} of ${options.seeds} seeds, ${events} events `);
  });
  if (process.stdout.isTTY) say('');
  if (first !== null) report(first, options);
  const seconds = (performance.now() - startedMs) / 1000;
  const rates = `${(done / seconds).toFixed(1)} seeds/s, ${Math.round(events / seconds)} events/s`;
  say(first === null ? `${done} seeds from ${options.from}, every promise kept: ${rates}` : `${done} seeds: ${rates}`);
  return first === null;
}

async function main(): Promise<boolean> {
  const { values } = parseArgs({
    options: {
      seeds: { type: 'string' },
      from: { type: 'string' },
      seed: { type: 'string' },
      mutant: { type: 'string' },
    },
  });
  const folder = scratchFolder();
  try {
    const template = join(folder, 'template.db');
    const [from, seeds] = [numberOf(values.from, 1), numberOf(values.seeds, SEEDS)];
    const options: Options = { from, seeds, mutant: mutantOf(values.mutant), template };
    await makeTemplate(template);
    return await (values.seed === undefined ? runAndReport(options) : replay(numberOf(values.seed, 1), options));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (isMainThread) process.exitCode = (await main()) ? 0 : 1;
else await work(workerData as Options);
