// Draws how numbers grow, as an SVG file: one small picture per number, all over the same logarithmic axis. Plain
// shapes and system fonts; the colours follow the reader's light or dark scheme.

/** One number at each size. */
export interface Series {
  readonly title: string;
  readonly unit: string;
  /** In order of size. */
  readonly points: readonly { readonly size: number; readonly value: number }[];
  /** What the number may not exceed, drawn as a line. */
  readonly limit?: number;
  /** What the axis reaches at least: the same for pictures that are to be compared. */
  readonly reach?: number;
}

const [WIDTH, HEIGHT] = [300, 210];
const [LEFT, RIGHT, TOP, BOTTOM] = [58, 18, 34, 44];
const COLUMNS = 3;
const HEAD = 40;
/** Ticks of the value axis, zero included. */
const STEPS = 4;

const STYLE = `
  svg { color-scheme: light dark; font: 12px system-ui, sans-serif; }
  .page { fill: #ffffff; } text { fill: #1f2328; } .faint { fill: #59636e; }
  .grid { stroke: #d1d9e0; } .axis { stroke: #59636e; } .limit { stroke: #bc4c00; stroke-dasharray: 5 4; }
  .limit-text { fill: #bc4c00; } .line { stroke: #0969da; stroke-width: 2; fill: none; } .dot { fill: #0969da; }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; } text { fill: #e6edf3; } .faint { fill: #9198a1; }
    .grid { stroke: #3d444d; } .axis { stroke: #9198a1; } .limit { stroke: #f0883e; }
    .limit-text { fill: #f0883e; } .line { stroke: #4493f8; } .dot { fill: #4493f8; }
  }`;

/** How a number grew over the seconds of a run, with the moments that explain it. */
export interface Course {
  readonly title: string;
  readonly unit: string;
  /** In order of time. */
  readonly points: readonly { readonly atMs: number; readonly value: number }[];
  readonly moments: readonly { readonly atMs: number; readonly label: string }[];
}

const COURSE_WIDTH = 720;
const COURSE_TOP = HEAD + 14;

/** One number over time, as a file of its own. Rejects with a RangeError for a course without points. */
export function courseOf({ title, unit, points, moments }: Course): string {
  const lastMs = points.at(-1)?.atMs;
  if (lastMs === undefined) throw new RangeError(`${title} has no points`);
  const height = HEAD + HEIGHT;
  const top = roundTop(Math.max(...points.map(({ value }) => value)));
  const end = roundTop(lastMs / 1000);
  const xOf = (atMs: number) => LEFT + ((COURSE_WIDTH - LEFT - RIGHT) * atMs) / 1000 / end;
  const yOf = (value: number) => height - BOTTOM - ((height - BOTTOM - COURSE_TOP) * value) / top;
  const steps = Array.from({ length: STEPS + 1 }, (_, step) => step / STEPS);
  const line = points.map(({ atMs, value }) => `${xOf(atMs).toFixed(1)},${yOf(value).toFixed(1)}`).join(' ');
  return [
    ...headOf(title, COURSE_WIDTH, height),
    ...steps.map((step) => across(yOf(step * top), step === 0 ? 'axis' : 'grid', COURSE_WIDTH)),
    ...steps.map((step) => textAt(LEFT - 6, yOf(step * top) + 4, 'end', short(step * top))),
    ...steps.map((step) => textAt(xOf(step * end * 1000), height - BOTTOM + 16, 'middle', short(step * end))),
    textAt((LEFT + COURSE_WIDTH - RIGHT) / 2, height - 10, 'middle', `${unit}, over seconds`),
    ...moments.map(({ atMs, label }, index) => momentOf(xOf(atMs), COURSE_TOP + 14 * index, height - BOTTOM, label)),
    `<polyline class="line" points="${line}"/>`,
    '</svg>\n',
  ].join('\n');
}

function momentOf(x: number, top: number, bottom: number, label: string): string {
  const line = `<line class="limit" x1="${x.toFixed(1)}" x2="${x.toFixed(1)}" y1="${top}" y2="${bottom}"/>`;
  const place = `x="${(x + 5).toFixed(1)}" y="${top + 10}"`;
  return `${line}<text class="limit-text" font-size="11" ${place}>${escaped(label)}</text>`;
}

/** The file. `sizeLabel` names the horizontal axis. Rejects with a RangeError for a series without points. */
export function plotOf(title: string, sizeLabel: string, series: readonly Series[]): string {
  const [columns, rows] = [Math.min(COLUMNS, series.length), Math.ceil(series.length / COLUMNS)];
  const [width, height] = [columns * WIDTH, HEAD + rows * HEIGHT];
  const panels = series.map((each, index) => {
    const [x, y] = [(index % COLUMNS) * WIDTH, HEAD + Math.floor(index / COLUMNS) * HEIGHT];
    return `<g transform="translate(${x} ${y})">\n${panelOf(each, sizeLabel)}\n</g>`;
  });
  return [...headOf(title, width, height), ...panels, '</svg>\n'].join('\n');
}

function headOf(title: string, width: number, height: number): readonly string[] {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="page" width="${width}" height="${height}"/>`,
    `<text x="16" y="26" font-size="16" font-weight="600">${escaped(title)}</text>`,
  ];
}

function panelOf(series: Series, sizeLabel: string): string {
  const { points, limit, reach = 0 } = series;
  const sizes = points.map(({ size }) => size);
  const [from, to] = [Math.log10(Math.min(...sizes)), Math.log10(Math.max(...sizes))];
  if (sizes.length === 0) throw new RangeError(`${series.title} has no points`);
  const top = roundTop(Math.max(...points.map(({ value }) => value), limit ?? 0, reach));
  const xOf = (size: number) => LEFT + ((WIDTH - LEFT - RIGHT) * (Math.log10(size) - from)) / (to - from || 1);
  const yOf = (value: number) => HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * value) / top;
  const ticks = Array.from({ length: STEPS + 1 }, (_, step) => (top * step) / STEPS);
  const line = points.map(({ size, value }) => `${xOf(size).toFixed(1)},${yOf(value).toFixed(1)}`).join(' ');
  const heading = `${series.title}, ${series.unit}`;
  return [
    `<text x="${LEFT}" y="18" font-weight="600">${escaped(heading)}</text>`,
    ...ticks.map((value) => across(yOf(value), value === 0 ? 'axis' : 'grid')),
    ...ticks.map((value) => textAt(LEFT - 6, yOf(value) + 4, 'end', short(value))),
    ...points.map(({ size }) => textAt(xOf(size), HEIGHT - BOTTOM + 16, 'middle', short(size))),
    textAt((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, 'middle', sizeLabel),
    ...(limit === undefined ? [] : limitOf(limit, yOf(limit))),
    `<polyline class="line" points="${line}"/>`,
    ...points.map(({ size, value }) => dotOf(xOf(size), yOf(value), `${short(size)}: ${short(value)} ${series.unit}`)),
  ].join('\n');
}

/** One number of each thing that is compared. */
export interface Bar {
  readonly label: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
}

const BAR_HEIGHT = 26;
const BARS_LEFT = 120;

/** Bars with their spread, as a file of its own. Rejects with a RangeError for no bars. */
export function barsOf(title: string, unit: string, bars: readonly Bar[]): string {
  if (bars.length === 0) throw new RangeError(`${title} has no bars`);
  const height = HEAD + bars.length * BAR_HEIGHT + BOTTOM;
  const top = roundTop(Math.max(...bars.map(({ max }) => max)));
  const xOf = (value: number) => BARS_LEFT + ((COURSE_WIDTH - BARS_LEFT - RIGHT) * value) / top;
  const steps = Array.from({ length: STEPS + 1 }, (_, step) => (step * top) / STEPS);
  return [
    ...headOf(title, COURSE_WIDTH, height),
    ...bars.map((bar, index) => barOf(bar, HEAD + index * BAR_HEIGHT, xOf)),
    ...steps.map((value) => textAt(xOf(value), height - BOTTOM + 16, 'middle', short(value))),
    textAt((BARS_LEFT + COURSE_WIDTH - RIGHT) / 2, height - 10, 'middle', `${unit}; the line is the spread`),
    '</svg>\n',
  ].join('\n');
}

function barOf({ label, value, min, max }: Bar, y: number, xOf: (value: number) => number): string {
  const middle = y + BAR_HEIGHT / 2;
  const width = (xOf(value) - xOf(0)).toFixed(1);
  const bar = `<rect class="dot" x="${xOf(0)}" y="${y + 5}" width="${width}" height="${BAR_HEIGHT - 10}"/>`;
  const ends = `x1="${xOf(min).toFixed(1)}" x2="${xOf(max).toFixed(1)}"`;
  const spread = `<line class="axis" ${ends} y1="${middle}" y2="${middle}"/>`;
  return [bar, spread, textAt(BARS_LEFT - 8, middle + 4, 'end', `${label} ${short(value)}`)].join('\n');
}

function across(y: number, kind: 'axis' | 'grid' | 'limit', width = WIDTH): string {
  return `<line class="${kind}" x1="${LEFT}" x2="${width - RIGHT}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}"/>`;
}

function textAt(x: number, y: number, anchor: 'middle' | 'end', text: string): string {
  const place = `x="${x.toFixed(1)}" y="${y.toFixed(1)}"`;
  return `<text class="faint" text-anchor="${anchor}" ${place}>${escaped(text)}</text>`;
}

function limitOf(limit: number, y: number): readonly string[] {
  const place = `x="${LEFT + 4}" y="${(y + 13).toFixed(1)}"`;
  return [across(y, 'limit'), `<text class="limit-text" font-size="11" ${place}>at most ${short(limit)}</text>`];
}

function dotOf(x: number, y: number, label: string): string {
  const place = `cx="${x.toFixed(1)}" cy="${y.toFixed(1)}"`;
  return `<circle class="dot" ${place} r="3.5"><title>${escaped(label)}</title></circle>`;
}

/** The next number above with which the ticks are round. */
function roundTop(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(value || 1));
  return unit * ([1, 1.2, 1.6, 2, 3, 4, 6, 8].find((factor) => value <= unit * factor) ?? 10);
}

function short(value: number): string {
  return value.toLocaleString('en-US', { notation: 'compact', maximumSignificantDigits: 3 });
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
