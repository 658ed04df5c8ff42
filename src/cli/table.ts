// Lists of things in columns, and one thing with its members below each other. Pure but for the width of the terminal.

import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import { valueText, widthOf } from './layout.ts';
import { styled } from './print.ts';

export interface Column<Item> {
  readonly title: string;
  readonly text: (item: Item) => string;
}

/**
 * A line of titles and one for each item; the last column is not padded. Of a list in several pages the answer is asked
 * for the lines of each: only the first has titles, and a column gets wider where a later page needs it.
 */
export function tableLines<Item>(columns: readonly Column<Item>[]): (items: readonly Item[]) => readonly string[] {
  const titles = columns.map(({ title }) => title);
  let widths: readonly number[] | null = null;
  return (items) => {
    const cells = items.map((item) => columns.map(({ text }) => text(item).replaceAll(/\s+/g, ' ')));
    const isFirst = widths === null;
    const before = widths ?? titles.map((title) => title.length);
    const now = before.map((width, column) => Math.max(width, widthOf(cells.map((row) => row[column] ?? ''))));
    widths = now;
    const line = (texts: readonly string[]) =>
      texts
        .map((text, column) => text.padEnd(now[column] ?? 0))
        .join('  ')
        .trimEnd();
    return isFirst ? [styled('dim', line(titles)), ...cells.map(line)] : cells.map(line);
  };
}

/** The same as the members of a JSON array, of which the last line is still to be printed. */
export function jsonLines(): (items: readonly JsonObject[]) => readonly string[] {
  let isFirst = true;
  return (items) =>
    items.map((item) => {
      const text = JSON.stringify(item, null, 2).replaceAll('\n', '\n  ');
      const line = `${isFirst ? '[' : ','}\n  ${text}`;
      isFirst = false;
      return line;
    });
}

/** `name  value`, with the members of members under dotted names. */
export function memberLines(thing: JsonObject): readonly string[] {
  const members = flattened(thing, '');
  const width = widthOf(members.map(([name]) => name));
  return members.map(([name, value]) => `${styled('dim', name.padEnd(width))}  ${valueText(value)}`);
}

function flattened(value: JsonObject, prefix: string): readonly (readonly [string, JsonValue])[] {
  return Object.entries(value).flatMap(([name, member]): readonly (readonly [string, JsonValue])[] => {
    if (member === undefined) return [];
    const isNested = isJsonObject(member) && Object.keys(member).length > 0;
    return isNested ? flattened(member, `${prefix}${name}.`) : [[`${prefix}${name}`, member]];
  });
}
