// Lists of things in columns, and one thing with its members below each other. Pure but for the width of the terminal.

import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import { valueText, widthOf } from './layout.ts';
import { styled } from './print.ts';

export interface Column<Item> {
  readonly title: string;
  readonly text: (item: Item) => string;
}

/** A line of titles and one for each item; the last column is not padded. */
export function tableLines<Item>(columns: readonly Column<Item>[], items: readonly Item[]): readonly string[] {
  const cells = items.map((item) => columns.map(({ text }) => text(item).replaceAll(/\s+/g, ' ')));
  const widths = columns.map(({ title }, column) => widthOf([title, ...cells.map((row) => row[column] ?? '')]));
  const line = (texts: readonly string[]) =>
    texts
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  const titles = columns.map(({ title }) => title);
  return [styled('dim', line(titles)), ...cells.map(line)];
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
