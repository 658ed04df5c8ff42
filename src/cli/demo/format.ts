// Numbers, bars and tables as the demo prints them. Pure: text out, no terminal. Invariant: every line fits into 80
// columns, which is what a terminal has until somebody changes it.

import { SECOND_MS } from '../../core/time.ts';

const LABEL_CHARS = 9;
const BAR_CHARS = 24;

/** `12,345` */
export function countText(count: number): string {
  return count.toLocaleString('en-US');
}

/** `0.4 s` */
export function secondsText(ms: number): string {
  return `${(ms / SECOND_MS).toFixed(1)} s`;
}

/** `4,200/s`; empty where no time has passed. */
export function rateText(count: number, ms: number): string {
  return ms <= 0 ? '' : `${countText(Math.round((count * SECOND_MS) / ms))}/s`;
}

export interface Progress {
  readonly label: string;
  readonly count: number;
  readonly total: number;
  /** What stands at the end of the line, e.g. a rate. */
  readonly note: string;
}

/** Styles a part of a line; the identity where there are no colours. */
export type Paint = (part: 'done' | 'rest' | 'note', text: string) => string;

/** `contacts  ━━━━━━━━────────   4,200 / 10,000   5,100/s` */
export function progressLine({ label, count, total, note }: Progress, paint: Paint): string {
  const share = total === 0 ? 1 : Math.min(1, Math.max(0, count / total));
  // Full only when it is: a bar that looks finished must be.
  const doneChars = Math.floor(share * BAR_CHARS);
  const bar = paint('done', '━'.repeat(doneChars)) + paint('rest', '─'.repeat(BAR_CHARS - doneChars));
  const totalText = countText(total);
  const counted = `${countText(count).padStart(totalText.length)} / ${totalText}`;
  return `${label.padEnd(LABEL_CHARS)}  ${bar}  ${counted}  ${paint('note', note)}`.trimEnd();
}

/** Lines of a table whose first column is text and the others are numbers, with a rule below the head. */
export function tableLines(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const widths = head.map((name, column) => Math.max(name.length, ...rows.map((row) => (row[column] ?? '').length)));
  const lineOf = (row: readonly string[]) =>
    widths
      .map((width, column) => (column === 0 ? (row[column] ?? '').padEnd(width) : (row[column] ?? '').padStart(width)))
      .join('   ')
      .trimEnd();
  const rule = '─'.repeat(widths.reduce((sum, width) => sum + width, 3 * (widths.length - 1)));
  return [lineOf(head), rule, ...rows.map(lineOf)];
}
