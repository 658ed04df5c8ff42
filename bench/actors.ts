// What the actor runtime costs in time and memory: with up to a million installations on disk, with ten thousand actors
// alive, and on the main thread while a slow disk synchronises. Each number has its baseline in the same rounds.
// Invariant: the installations have the rows that the product writes, and no alarm of theirs is due during a run.

import { statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env, stderr } from 'node:process';
import { type EventRates, LIVE_ACTORS, measureEvents } from './actors/events.ts';
import { committedRates, type HydrateOutcome, hydrationMicros, measureHydration } from './actors/hydrate.ts';
import { FSYNC_MS, type LatenessOutcome, measureLateness } from './actors/lateness.ts';
import { type MemoryOutcome, measureMemory } from './actors/memory.ts';
import { Population } from './actors/population.ts';
import { measureStarts, type Starts } from './actors/serving.ts';
import { inFolder } from './harness/commits.ts';
import { machine } from './harness/machine.ts';
import { plotOf } from './harness/plot.ts';
import { type Bench, type Bound, type Findings, type Row, ratioOf, rowOf, spreadOf } from './harness/result.ts';

const INSTALLATIONS = Number(env['BENCH_INSTALLATIONS'] ?? 1_000_000);
const ROUNDS = Number(env['BENCH_ROUNDS'] ?? 5);
/** Growth is looked at here, and at INSTALLATIONS. */
const SIZES = [10_000, 100_000].filter((size) => size < INSTALLATIONS);
const PLOT_PATH = join(import.meta.dirname, 'results/actors.svg');
/** Above what an installation takes on disk, history and free space for copies included. */
const BYTES_PER_INSTALLATION_MAX = 20_000;
/** Starts whose memory is waited for until it settles, which takes seconds. */
const SETTLING_STARTS = 3;
const HYDRATIONS = 3000;
const MB = 1_048_576;
const KB = 1024;

/** What was measured at one size. */
interface Growth {
  readonly size: number;
  readonly bytes: number;
  readonly starts: Starts;
  readonly hydrationMicros: readonly number[];
  readonly eventRates: readonly number[];
}

interface Measured {
  readonly growth: readonly Growth[];
  readonly memory: MemoryOutcome;
  readonly events: EventRates;
  readonly hydrate: HydrateOutcome;
  readonly lateness: LatenessOutcome;
}

export const bench: Bench = {
  question: 'What do a million installations cost, and ten thousand live actors?',
  async run() {
    const available = statfsSync(tmpdir());
    const needed = INSTALLATIONS * BYTES_PER_INSTALLATION_MAX;
    if (available.bavail * available.bsize < needed) {
      throw new Error(`${tmpdir()} has less than ${needed} bytes left; BENCH_INSTALLATIONS asks for fewer`);
    }
    return findingsOf(await inFolder(measure));
  },
};

async function measure(folder: string): Promise<Measured> {
  const population = await Population.begin(folder);
  const growth: Growth[] = [];
  const grow = async (size: number) => {
    tell(`making ${countText(size)} installations`);
    population.grow(size, (made) => stderr.isTTY && stderr.write(`\r${countText(made)} `));
    const { bytes } = population;
    tell('events of actors at random');
    const micros = await hydrationMicros(population, HYDRATIONS);
    const eventRates = await committedRates(population, ROUNDS);
    // Last, because cold starts empty the page cache.
    tell('starting servers');
    const starts = await measureStarts(population.folder, ROUNDS, SETTLING_STARTS);
    growth.push({ size, bytes, starts, hydrationMicros: micros, eventRates });
  };
  const [first = INSTALLATIONS, ...rest] = [...SIZES, INSTALLATIONS];
  await grow(first);
  tell(`memory of ${LIVE_ACTORS} live actors`);
  const memory = await measureMemory(population, ROUNDS);
  tell('their events, and the same writes on bare SQLite');
  const events = await measureEvents(population, ROUNDS);
  tell(`timers, while each commit takes ${FSYNC_MS} ms longer`);
  const lateness = await measureLateness(ROUNDS);
  for (const size of rest) await grow(size);
  tell('hydrating, and bare reads');
  return { growth, memory, events, lateness, hydrate: await measureHydration(population) };
}

/** A run takes minutes. */
function tell(what: string): void {
  const seconds = (performance.now() / 1000).toFixed(0);
  stderr.write(`${stderr.isTTY ? '\r' : ''}${seconds.padStart(4)} s  ${what} …\n`);
}

function findingsOf(measured: Measured): Findings {
  const { hydrate, events, growth } = measured;
  const last = growth.at(-1);
  if (last === undefined) throw new Error('nothing was measured');
  writeFileSync(PLOT_PATH, plot(growth));
  return {
    rows: [
      ...growth.flatMap(growthRows),
      ...hydrateRows(hydrate),
      ...liveRows(measured),
      ...latenessRows(measured.lateness),
    ],
    ratios: {
      'an empty folder, time to ready': ratioOf(last.starts.warm, last.starts.empty),
      'raw reads, random keys': ratioOf(hydrate.random.tenon, hydrate.random.raw),
      'raw reads, hot keys': ratioOf(hydrate.hot.tenon, hydrate.hot.raw),
      'raw reads, nothing in the page cache': ratioOf(hydrate.cold.tenon, hydrate.cold.raw),
      'raw inserts': ratioOf(events.tenon, events.raw),
    },
    notes: [
      `${ROUNDS} rounds, alternating; one data folder grew to ${growth.map(({ size }) => countText(size)).join(', ')}`,
      'no start hydrated an actor; no alarm was due',
      'cold: the database was dropped from the page cache of the system before each start and each round of reads',
      'WAL, synchronous=FULL: each transaction is synchronised; raw runs the same statements in the same groups',
      `${machine()}; the database is in ${tmpdir()}`,
    ],
    bounds: boundsOf(measured, last),
  };
}

function growthRows({ size, bytes, starts, hydrationMicros: micros, eventRates }: Growth): readonly Row[] {
  const at = `, ${countText(size)} installations`;
  return [
    rowOf(`database${at}`, 'MB', [bytes / MB]),
    rowOf(`one installation on disk${at}`, 'bytes', [bytes / size]),
    rowOf(`time to ready${at}`, 'ms', starts.warm),
    rowOf(`time to ready, cold${at}`, 'ms', starts.cold),
    rowOf(`time to ready, an empty folder${at}`, 'ms', starts.empty),
    rowOf(`CPU until ready${at}`, 'ms', starts.cpu),
    rowOf(`CPU until ready, an empty folder${at}`, 'ms', starts.emptyCpu),
    rowOf(`RSS after start${at}`, 'MB', starts.rssMb),
    rowOf(`RSS after start, an empty folder${at}`, 'MB', starts.emptyRssMb),
    rowOf(`hydrate, step, passivate: one event, without a disk${at}`, 'µs', micros),
    rowOf(`hydrate, step, commit, passivate${at}`, 'events/s', eventRates),
  ];
}

function hydrateRows({ random, hot, cold }: HydrateOutcome): readonly Row[] {
  return [
    rowOf('hydrate, step, passivate: random keys, without a disk', 'events/s', random.tenon),
    rowOf('raw reads by primary key: random keys', 'reads/s', random.raw),
    rowOf('hydrate, step, passivate: 1,000 hot keys, without a disk', 'events/s', hot.tenon),
    rowOf('raw reads by primary key: 1,000 hot keys', 'reads/s', hot.raw),
    rowOf('hydrate, step, passivate: nothing in the page cache', 'events/s', cold.tenon),
    rowOf('raw reads by primary key: nothing in the page cache', 'reads/s', cold.raw),
  ];
}

function liveRows({ memory, events }: Measured): readonly Row[] {
  const live = `${countText(LIVE_ACTORS)} live actors`;
  return [
    rowOf(`one of ${live}, as hydrated`, 'bytes', memory.hydrated),
    rowOf(`one of ${live}, after an event`, 'bytes', memory.stepped),
    rowOf(`${live}, committed events`, 'events/s', events.tenon),
    rowOf('the same writes on bare SQLite', 'events/s', events.raw),
    rowOf('events per transaction', 'events', events.groupSizes),
  ];
}

function latenessRows({ rest, thread, inThread }: LatenessOutcome): readonly Row[] {
  const slow = `commits of ${FSYNC_MS} ms and more`;
  return [
    rowOf('timer late by, p99, at rest', 'ms', rest.p99),
    rowOf(`timer late by, p50, ${slow}`, 'ms', thread.p50),
    rowOf(`timer late by, p99, ${slow}`, 'ms', thread.p99),
    rowOf(`main thread busy while a timer waits, p99, ${slow}`, 'ms', thread.busyP99),
    rowOf(`event loop delay, p99, ${slow}`, 'ms', thread.loopDelayP99),
    rowOf(`load meanwhile, ${slow}`, 'events/s', thread.eventsPerSecond),
    rowOf(`timer late by, p99, ${slow}, writer on the main thread`, 'ms', inThread.p99),
    rowOf(`main thread busy while a timer waits, p99, ${slow}, writer on the main thread`, 'ms', inThread.busyP99),
    rowOf(`load meanwhile, ${slow}, writer on the main thread`, 'events/s', inThread.eventsPerSecond),
  ];
}

/** What was asked of the runtime. A number of several rounds counts by its median. */
function boundsOf({ memory, events, lateness }: Measured, { size, starts }: Growth): readonly Bound[] {
  const at = `${countText(size)} installations`;
  const medianOf = (values: readonly number[]) => spreadOf(values).median;
  const liveKb = Math.max(medianOf(memory.hydrated), medianOf(memory.stepped)) / KB;
  return [
    { label: `time to ready, ${at}`, unit: 's', value: medianOf(starts.warm) / 1000, relation: '<', limit: 1 },
    { label: `time to ready, ${at}, cold`, unit: 's', value: medianOf(starts.cold) / 1000, relation: '<', limit: 1 },
    { label: `RSS after start, ${at}`, unit: 'MB', value: medianOf(starts.rssMb), relation: '<', limit: 200 },
    { label: 'a live actor', unit: 'KB', value: liveKb, relation: '≤', limit: 8 },
    {
      label: 'committed events over raw grouped inserts',
      unit: '×',
      value: ratioOf(events.tenon, events.raw).median,
      relation: '≥',
      limit: 0.5,
    },
    { label: 'timer under load, p99', unit: 'ms', value: medianOf(lateness.thread.p99), relation: '≤', limit: 5 },
  ];
}

function plot(growth: readonly Growth[]): string {
  const seriesOf = (title: string, unit: string, numberOf: (at: Growth) => number, limit?: number) => ({
    title,
    unit,
    points: growth.map((at) => ({ size: at.size, value: numberOf(at) })),
    ...(limit === undefined ? {} : { limit }),
  });
  return plotOf('What installations cost, by their number', 'installations', [
    seriesOf('Time to ready', 'ms', ({ starts }) => spreadOf(starts.warm).median, 1000),
    seriesOf('RSS after start', 'MB', ({ starts }) => spreadOf(starts.rssMb).median, 200),
    seriesOf('Database', 'MB', ({ bytes }) => bytes / MB),
    seriesOf('One installation on disk', 'bytes', ({ size, bytes }) => bytes / size),
    seriesOf('Hydrated and stepped in', 'µs', (at) => spreadOf(at.hydrationMicros).median),
    seriesOf('Hydrated, committed', 'events/s', (at) => spreadOf(at.eventRates).median),
  ]);
}

function countText(count: number): string {
  return count.toLocaleString('en-US');
}
