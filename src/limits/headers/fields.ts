// Readings that are one header each: which names they have is all there is to say of most providers.

import type { Ms } from '../../core/time.ts';
import { type Answer, type LimitReading, NO_READINGS, type Reader, readingOf } from './said.ts';
import { countOf, momentAtMs, spentOf } from './values.ts';

/** Lower-case header names of one limit. */
export interface LimitFields {
  readonly name: string;
  readonly limit?: string;
  readonly remaining?: string;
  /** Calls made, instead of `remaining`. */
  readonly used?: string;
  /** `12/40`: calls made and limit in one. */
  readonly usedOfLimit?: string;
  readonly reset?: string;
  /** The window in milliseconds, where a header says it … */
  readonly windowMsHeader?: string;
  /** … and where the vendor's page does. */
  readonly windowMs?: Ms;
}

/** What is read of the given limits, as far as an answer tells of them. */
export function fieldReadings(limits: readonly LimitFields[]): Pick<Reader, 'names' | 'readings'> {
  return { names: fieldNames(limits), readings: readingsOf(limits) };
}

/** The headers of the given limits. */
export function fieldNames(limits: readonly Omit<LimitFields, 'name'>[]): readonly string[] {
  const names = limits.flatMap(({ limit, remaining, used, usedOfLimit, reset, windowMsHeader }) => [
    ...[limit, remaining, used],
    ...[usedOfLimit, reset, windowMsHeader],
  ]);
  return [...new Set(names.filter((name) => name !== undefined))];
}

function readingsOf(limits: readonly LimitFields[]): Reader['readings'] {
  return ({ headers }, receivedAtMs) => {
    let readings: LimitReading[] | undefined;
    for (const fields of limits) {
      const reading = fieldReading(fields, headers, receivedAtMs);
      if (reading === undefined) continue;
      readings ??= [];
      readings.push(reading);
    }
    return readings ?? NO_READINGS;
  };
}

/** The reading of one limit; undefined where the answer says nothing of it. */
export function fieldReading(
  fields: LimitFields,
  headers: Answer['headers'],
  receivedAtMs: Ms,
): LimitReading | undefined {
  const remainingText = at(headers, fields.remaining ?? fields.usedOfLimit ?? fields.used);
  const limitText = at(headers, fields.limit);
  if (remainingText === undefined && limitText === undefined) return undefined;
  const spent = fields.usedOfLimit === undefined ? undefined : spentOf(remainingText);
  const limit = spent?.limit ?? countOf(limitText);
  const windowMs = fields.windowMs ?? countOf(at(headers, fields.windowMsHeader));
  const resetAtMs = momentAtMs(at(headers, fields.reset), headers, receivedAtMs);
  const remaining = spent?.remaining ?? remainingCount(fields, remainingText, limit);
  return readingOf({ name: fields.name, limit, remaining, windowMs, resetAtMs });
}

function remainingCount(fields: LimitFields, text: string | undefined, limit: number | undefined): number | undefined {
  if (fields.remaining !== undefined) return countOf(text);
  const used = fields.used === undefined ? undefined : countOf(text);
  return used === undefined || limit === undefined ? undefined : Math.max(0, limit - used);
}

function at(headers: Answer['headers'], name: string | undefined): string | undefined {
  return name === undefined ? undefined : headers[name];
}
