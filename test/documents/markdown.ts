// Markdown as GitHub reads it: wrapped at 120 characters, tables aligned, text that looks like markup escaped.

import { DAY_MS, HOUR_MS, MINUTE_MS, type Ms, SECOND_MS } from '../../src/core/time.ts';

const LINE_CHARS_MAX = 120;
/** A column that is wider than this is not padded: its longest cell would blow up every row. */
const COLUMN_CHARS_MAX = 60;

/** Text outside of backticks, with what Markdown would take for markup escaped. */
export function plain(text: string): string {
  return text
    .split(/(`[^`]*`)/)
    .map((part, index) => (index % 2 === 1 ? part : escaped(part)))
    .join('');
}

function escaped(text: string): string {
  return text.replace(/[\\<*[\]]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, (mark) => `\\${mark}`);
}

export function code(text: string): string {
  return `\`${text}\``;
}

export function link(label: string, target: string): string {
  return `[${label}](${target.replaceAll('(', '%28').replaceAll(')', '%29')})`;
}

export function paragraph(text: string): string {
  return wrapped(text, '', '');
}

export function bullet(text: string): string {
  return wrapped(text, '- ', '  ');
}

/** Words are never split, code is never broken, and no line begins with what would start a list, quote or heading. */
function wrapped(text: string, first: string, further: string): string {
  const words: string[] = [];
  for (const word of text.match(/(?:`[^`]*`|[^\s`])+/g) ?? []) {
    if (words.length > 0 && /^(?:[-+*#>]+|\d+[.)])$/.test(word)) words.push(`${words.pop()} ${word}`);
    else words.push(word);
  }
  const lines: string[] = [];
  let line = first;
  for (const word of words) {
    const isEmpty = line === first || line === further;
    if (!isEmpty && line.length + 1 + word.length > LINE_CHARS_MAX) {
      lines.push(line);
      line = further + word;
    } else line += isEmpty ? word : ` ${word}`;
  }
  return [...lines, line].join('\n');
}

/** Columns in which no row says anything are left out. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const kept = head.flatMap((_, column) => (rows.some((row) => row[column]) ? [column] : []));
  const cells = [head, ...rows].map((row) => kept.map((column) => (row[column] ?? '').replaceAll('|', '\\|')));
  const widths = kept.map((_, column) => {
    const width = Math.max(...cells.map((row) => row[column]?.length ?? 0));
    return width > COLUMN_CHARS_MAX ? 0 : width;
  });
  const lines = cells.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`);
  const rule = `|${widths.map((width) => '-'.repeat(Math.max(width, 1) + 2)).join('|')}|`;
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

export function listed(items: readonly string[], last = 'and'): string {
  return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} ${last} ${items.at(-1)}`;
}

export function count(number: number): string {
  return number.toLocaleString('en-US');
}

const UNITS: readonly (readonly [Ms, string])[] = [
  [DAY_MS, 'day'],
  [HOUR_MS, 'hour'],
  [MINUTE_MS, 'minute'],
  [SECOND_MS, 'second'],
];

/** `90 days`, `1 hour`, `10 seconds`: the largest unit that leaves nothing over. */
export function span(ms: Ms): string {
  const [unitMs, unit] = UNITS.find(([each]) => ms % each === 0) ?? [1, 'millisecond'];
  const number = ms / unitMs;
  return `${count(number)} ${unit}${number === 1 ? '' : 's'}`;
}

/** `8 to 10 days`: in the largest unit that the longer one fills, with one decimal at most. */
export function range(fromMs: Ms, toMs: Ms): string {
  const [unitMs, unit] = UNITS.find(([each]) => toMs >= each) ?? [1, 'millisecond'];
  const number = (ms: Ms) => String(Math.round((ms / unitMs) * 10) / 10);
  return `${number(fromMs)} to ${number(toMs)} ${unit}s`;
}
