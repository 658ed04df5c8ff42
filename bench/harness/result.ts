// What every bench hands back and how it is told: an aligned table for people, a JSON file for whoever compares runs.
// Used by `run.ts` and by each bench. Invariant: a ratio is built of two numbers of the same round, so that a machine
// that is slow for a while makes both slow.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { version } from 'node:process';

/** A number as it was over the rounds of one run. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export interface Row extends Spread {
  readonly label: string;
  readonly unit: string;
}

/** What a requirement asks of one number of a run. */
export interface Bound {
  readonly label: string;
  readonly unit: string;
  readonly value: number;
  readonly relation: '<' | '≤' | '≥';
  readonly limit: number;
}

/** What one run found. `notes` are printed with the table: how it was measured, what was checked. */
export interface Findings {
  readonly rows: readonly Row[];
  /** By what the product is compared with; each is product over baseline. */
  readonly ratios: Readonly<Record<string, Spread>>;
  readonly notes: readonly string[];
  /** The requirements that this run can tell about. */
  readonly bounds?: readonly Bound[];
}

export interface Bench {
  /** One sentence: what the numbers answer. */
  readonly question: string;
  /** Rejects if anything happened that the numbers would hide, such as a failed call. */
  run(): Promise<Findings>;
}

/** The content of `bench/results/<name>.json`. */
export interface BenchResult extends Findings {
  readonly name: string;
  /** RFC 3339. */
  readonly at: string;
  readonly node: string;
}

/** Rejects with a RangeError for no values. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const [min, max] = [sorted[0], sorted.at(-1)];
  const [low, high] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  if (min === undefined || max === undefined || low === undefined || high === undefined) {
    throw new RangeError('a spread needs at least one value');
  }
  return { median: rounded((low + high) / 2), min: rounded(min), max: rounded(max) };
}

export function rowOf(label: string, unit: string, values: readonly number[]): Row {
  return { label, unit, ...spreadOf(values) };
}

/** The product's value over the baseline's, round by round. */
export function ratioOf(product: readonly number[], baseline: readonly number[]): Spread {
  return spreadOf(product.map((value, round) => value / (baseline[round] ?? Number.NaN)));
}

/** The value that `share` of all values do not exceed (nearest rank). Rejects with a RangeError for no values. */
export function percentile(values: readonly number[], share: number): number {
  const value = values.toSorted((a, b) => a - b)[Math.max(0, Math.ceil(values.length * share) - 1)];
  if (value === undefined) throw new RangeError('a percentile needs at least one value');
  return value;
}

export function isMet({ value, relation, limit }: Bound): boolean {
  if (relation === '≥') return value >= limit;
  return relation === '<' ? value < limit : value <= limit;
}

/** Four significant digits: more would be noise. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}

export function resultOf(name: string, at: Date, findings: Findings): BenchResult {
  return { name, at: at.toISOString(), node: version, ...findings };
}

/** Writes `<folder>/<name>.json` and returns its path. */
export function writeResult(folder: string, result: BenchResult): string {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${result.name}.json`);
  writeFileSync(path, `${JSON.stringify(result, null, 2)}\n`);
  return path;
}

/** The result as an aligned table with its notes. */
export function tableOf({ rows, ratios, notes, bounds = [] }: Findings): string {
  const cells = [
    ['', 'median', 'min', 'max', 'unit'],
    ...rows.map(({ label, unit, median, min, max }) => [label, text(median), text(min), text(max), unit]),
    ...Object.entries(ratios).map(([label, { median, min, max }]) => [
      `ratio to ${label}`,
      text(median),
      text(min),
      text(max),
      '×',
    ]),
  ];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...cells.map((line) => line[column]?.length ?? 0)));
  const lines = cells.map((line) =>
    line
      .map((cell, column) =>
        column === 0 || column === 4 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  ')
      .trimEnd(),
  );
  return [...lines, ...notes.map((note) => `- ${note}`), ...bounds.map(boundText)].join('\n');
}

function boundText(bound: Bound): string {
  const { label, unit, value, relation, limit } = bound;
  const verdict = isMet(bound) ? 'met    ' : 'NOT MET';
  return `${verdict}  ${label}: ${text(value)} ${unit}, asked for ${relation} ${text(limit)}`;
}

function text(value: number): string {
  return value.toLocaleString('en-US', { maximumSignificantDigits: 4 });
}
