// What a scrape says, as numbers by series.

import type { Tenon } from './tenon.ts';

/** The samples by name and labels as they are printed: `tenon_requests_total{plane="proxy",…}`. */
export async function scrapeOf(tenon: Tenon, token: string): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`${tenon.origin}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  const text = await response.text();
  if (response.status !== 200) throw new Error(`the scrape was answered with ${response.status}: ${text}`);
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

/** Sum of the series of one name whose labels hold all of these. */
export function totalOf(
  samples: ReadonlyMap<string, number>,
  name: string,
  labels: Record<string, string> = {},
): number {
  const parts = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return [...samples]
    .filter(([series]) => series.split('{')[0] === name && parts.every((part) => series.includes(part)))
    .reduce((sum, [, value]) => sum + value, 0);
}
