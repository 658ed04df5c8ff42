// What one line of `tenon doctor` says.

import { errorFacts, IntegrationError } from '../../core/errors.ts';

export interface Check {
  /** What was looked at. */
  readonly name: string;
  /** `fail`: something does not work; `warn`: it works, and should not stay so. */
  readonly level: 'ok' | 'warn' | 'fail';
  /** What was found, and why it matters. */
  readonly detail: string;
  /** What to do. */
  readonly remedy?: string | undefined;
}

export const ok = (name: string, detail: string): Check => ({ name, level: 'ok', detail });
export const warn = (name: string, detail: string, remedy?: string): Check => ({ name, level: 'warn', detail, remedy });
export const fail = (name: string, detail: string, remedy?: string): Check => ({ name, level: 'fail', detail, remedy });

/** A thrown error as a line: whoever runs this runs the machine, and may read addresses in it. */
export function failed(name: string, error: unknown): Check {
  return fail(name, errorFacts(error).message, error instanceof IntegrationError ? error.remedy : undefined);
}
