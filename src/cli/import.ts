// `tenon import FILE`: grants of another system, one a line, or what `tenon export` wrote. The first line tells which.

import { IMPORT_GRANT_BYTES_MAX } from '../core/limits.ts';
import { type ImportOptions, importGrants } from './importGrants.ts';
import { linesOf } from './lines.ts';

export async function importFile(
  env: Readonly<Record<string, string | undefined>>,
  path: string,
  options: ImportOptions,
): Promise<void> {
  await importGrants(env, linesOf(path, IMPORT_GRANT_BYTES_MAX), options);
}
