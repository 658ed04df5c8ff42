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

/** The file. `sizeLabel` names the horizontal axis. Rejects with a RangeError for a series without points. */
export function plotOf(title: string, sizeLabel: string, series: readonly Series[]): string {
  const [columns, rows] = [Math.min(COLUMNS, series.length), Math.ceil(series.length / COLUMNS)];
  const [width, height] = [columns * WIDTH, HEAD + rows * HEIGHT];
  const panels = series.map((each, index) => {
    const [x, y] = [(index % COLUMNS) * WIDTH, HEAD + Math.floor(index / COLUMNS) * HEIGHT];
    return `<g transform="translate(${x} ${y})">\n${panelOf(each, sizeLabel)}\n</g>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="page" width="${width}" height="${height}"/>`,
    `<text x="16" y="26" font-size="16" font-weight="600">${escaped(title)}</text>`,
    ...panels,
    '</svg>\n',
  ].join('\n');
}

function panelOf(series: Series, sizeLabel: string): string {
  const { points, limit } = series;
  const sizes = points.map(({ size }) => size);
  const [from, to] = [Math.log10(Math.min(...sizes)), Math.log10(Math.max(...sizes))];
  if (sizes.length === 0) throw new RangeError(`${series.title} has no points`);
  const top = roundTop(Math.max(...points.map(({ value }) => value), limit ?? 0));
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

function across(y: number, kind: 'axis' | 'grid' | 'limit'): string {
  return `<line class="${kind}" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y.toFixed(1)}" y2="${y.toFixed(1)}"/>`;
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
