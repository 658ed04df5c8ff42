// What becomes of ten thousand grants whose tokens end together: each is renewed once, at a slow token endpoint that
// rotates refresh tokens and ends a grant whose used one comes back, while the process is killed in the middle. Then
// what a lease costs, and how long the catalog takes to load.
// Invariant: a storm with a refresh too many, a lost answer or a death that nothing explains has no result.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { env, stderr } from 'node:process';
import { inFolder } from './harness/commits.ts';
import { machine } from './harness/machine.ts';
import { courseOf } from './harness/plot.ts';
import { type Bench, type Bound, type Findings, type Row, ratioOf, rowOf, spreadOf } from './harness/result.ts';
import { type CatalogOutcome, measureCatalog } from './tokens/catalog.ts';
import { endedBefore, makeFleet } from './tokens/fleet.ts';
import { type LeaseOutcome, measureLeases } from './tokens/lease.ts';
import { type StormOutcome, stormOver } from './tokens/storm.ts';
import { TOKEN_DELAY_MS } from './tokens/wire.ts';

const GRANTS = Number(env['BENCH_GRANTS'] ?? 10_000);
const ROUNDS = Number(env['BENCH_ROUNDS'] ?? 3);
/** Of the two that take moments. */
const SHORT_ROUNDS = 9;
const PLOT_PATH = join(import.meta.dirname, 'results/tokens.svg');

interface Measured {
  readonly storms: readonly StormOutcome[];
  readonly lease: LeaseOutcome;
  readonly catalog: CatalogOutcome;
}

export const bench: Bench = {
  question: 'What do 10,000 tokens cost that end together, a lease from memory, and the catalog at a start?',
  async run() {
    tell('loading the catalog in fresh processes');
    const catalog = await measureCatalog(SHORT_ROUNDS);
    tell('leases from memory');
    const lease = await measureLeases(GRANTS, SHORT_ROUNDS);
    return findingsOf({ storms: await inFolder(measureStorms), lease, catalog });
  },
};

async function measureStorms(folder: string): Promise<readonly StormOutcome[]> {
  tell(`connecting ${GRANTS} customers`);
  const fleet = await makeFleet(folder, GRANTS, endedBefore());
  const storms: StormOutcome[] = [];
  for (let round = 1; round <= ROUNDS; round++) {
    tell(`storm ${round} of ${ROUNDS}`);
    const stormFolder = join(folder, `storm-${round}`);
    mkdirSync(stormFolder);
    const storm = await stormOver(fleet, stormFolder);
    const { faults } = storm.verdict;
    if (faults.length > 0) throw new Error(`storm ${round} went wrong:\n${faults.join('\n')}`);
    storms.push(storm);
  }
  return storms;
}

/** A run takes minutes. */
function tell(what: string): void {
  stderr.write(`${(performance.now() / 1000).toFixed(0).padStart(4)} s  ${what} …\n`);
}

function findingsOf(measured: Measured): Findings {
  const { storms, lease, catalog } = measured;
  writePlot(storms);
  return {
    rows: [...stormRows(storms), ...leaseRows(lease), ...catalogRows(catalog)],
    ratios: {
      'bare undici, token answers per second until the kill': ratioOf(
        storms.map(({ perSecond }) => perSecond),
        storms.map(({ floorPerSecond }) => floorPerSecond),
      ),
      'a Map, lease and release': ratioOf(lease.lease, lease.map),
      'lru-cache, lease and release': ratioOf(lease.lease, lease.lru),
      'a Map, usableToken': ratioOf(lease.usableToken, lease.map),
    },
    notes: [
      `${ROUNDS} storms over ${GRANTS} connections of one provider app, each after its floor`,
      `the token endpoint answers after ${TOKEN_DELAY_MS} ms`,
      'each connection is refreshed because a proxied call of its own finds its token ended; each call was answered',
      'every dead grant had its request at the endpoint when the process was killed, and its row says so',
      'every other grant has on disk the newest refresh token that was handed out',
      `${catalog.providers} declarations; each loading against an empty process of the same round`,
      machine(),
    ],
    bounds: boundsOf(measured),
  };
}

/** What is told of a storm: label, unit and number. */
const STORM_NUMBERS: readonly (readonly [string, string, (storm: StormOutcome) => number])[] = [
  ['bare undici', 'tokens/s', (storm) => storm.floorPerSecond],
  ['Tenon, until the kill', 'tokens/s', (storm) => storm.perSecond],
  ['CPU of Tenon until the kill', 'µs/token', (storm) => storm.cpuMicros],
  ['from the first call to the last answer', 's', (storm) => storm.finishMs / 1000],
  ['from the kill to ready', 's', (storm) => storm.downMs / 1000],
  ['refreshes sent', 'requests', ({ verdict }) => verdict.requestsSent],
  ['in flight at the kill', 'requests', ({ verdict }) => verdict.inFlightAtKill],
  ['of these answered, but not on disk', 'requests', ({ verdict }) => verdict.answeredAndLost],
  ['grants that died', 'grants', ({ verdict }) => verdict.deadGrants],
  ['refreshes under way at once, at most', 'requests', (storm) => storm.underWayMax],
  ['a caller waits, p50', 's', (storm) => storm.waitP50Ms / 1000],
  ['a caller waits, p99', 's', (storm) => storm.waitP99Ms / 1000],
  ['tries of a caller, at most', 'calls', (storm) => storm.triesMax],
  ['RSS at most', 'MB', (storm) => storm.rssMaxMb],
];

function stormRows(storms: readonly StormOutcome[]): readonly Row[] {
  return STORM_NUMBERS.map(([label, unit, numberOf]) => rowOf(label, unit, storms.map(numberOf)));
}

function leaseRows({ lease, usableToken, lru, map }: LeaseOutcome): readonly Row[] {
  return [
    rowOf('lease and release', 'ns', lease),
    rowOf('of this usableToken', 'ns', usableToken),
    rowOf('lru-cache get', 'ns', lru),
    rowOf('Map get', 'ns', map),
  ];
}

function catalogRows({ loadMs, cpuMs, firstMs, emptyMs }: CatalogOutcome): readonly Row[] {
  return [
    rowOf('loading the catalog', 'ms', loadMs),
    rowOf('loading the catalog, CPU', 'ms', cpuMs),
    rowOf('loading the catalog, nothing kept of an earlier start', 'ms', firstMs),
    rowOf('an empty process', 'ms', emptyMs),
  ];
}

/** What was asked for. Counts are those of the worst storm; times are medians. */
function boundsOf({ storms, catalog }: Measured): readonly Bound[] {
  const most = (numberOf: (storm: StormOutcome) => number) => Math.max(...storms.map(numberOf));
  const worst = storms.toSorted((a, b) => extraOf(b) - extraOf(a))[0];
  if (worst === undefined) throw new Error('no storm was measured');
  const { requestsSent, inFlightAtKill } = worst.verdict;
  return [
    {
      label: `refreshes sent, with ${inFlightAtKill} in flight at the kill`,
      unit: 'requests',
      value: requestsSent,
      relation: '≤',
      limit: GRANTS + inFlightAtKill,
    },
    {
      label: 'refreshes of one connection at once',
      unit: 'requests',
      value: most(({ verdict }) => verdict.atOnceMax),
      relation: '≤',
      limit: 1,
    },
    {
      label: 'answers received and lost',
      unit: 'answers',
      value: most(({ verdict }) => verdict.lostAnswers),
      relation: '≤',
      limit: 0,
    },
    {
      label: 'dead grants that nothing explains',
      unit: 'grants',
      value: most(({ verdict }) => verdict.unexplained),
      relation: '≤',
      limit: 0,
    },
    {
      label: `loading the catalog of ${catalog.providers}`,
      unit: 'ms',
      value: spreadOf(catalog.loadMs).median,
      relation: '<',
      limit: 150,
    },
  ];
}

/** Refreshes beyond what the bound allows; negative: fewer. */
function extraOf({ verdict }: StormOutcome): number {
  return verdict.requestsSent - verdict.inFlightAtKill;
}

/** The last storm: the first one is for the caches of the system. */
function writePlot(storms: readonly StormOutcome[]): void {
  const timeline = storms.at(-1)?.timeline;
  if (timeline === undefined) return;
  const course = courseOf({
    title: `${GRANTS.toLocaleString('en-US')} tokens that ended together`,
    unit: 'tokens renewed',
    points: timeline.points.map(({ atMs, sent }) => ({ atMs, value: sent })),
    moments: [
      { atMs: timeline.killedAtMs, label: 'killed' },
      { atMs: timeline.readyAtMs, label: 'ready again' },
    ],
  });
  writeFileSync(PLOT_PATH, course);
}
