// `tenon import FILE`: grants of another system, one a line, or what `tenon export` wrote. The first line tells which.

import { EXPORT_LINE_BYTES_MAX, IMPORT_GRANT_BYTES_MAX } from '../core/limits.ts';
import type { ImportExportOptions } from './importExport.ts';
import type { ImportOptions } from './importGrants.ts';
import { type Line, linesOf } from './lines.ts';

export async function importFile(
  env: Readonly<Record<string, string | undefined>>,
  path: string,
  options: ImportOptions & ImportExportOptions,
): Promise<void> {
  const bound = { bytesMax: IMPORT_GRANT_BYTES_MAX };
  const lines = linesOf(path, bound);
  const { value: first } = await lines.next();
  const { parseHeader } = await import('../flows/operator/exportFile.ts');
  const header = first === undefined ? null : parseHeader(first.text ?? '');
  const all = first === undefined ? lines : withFirst(first, lines);
  if (header === null) return (await import('./importGrants.ts')).importGrants(env, all, options);
  bound.bytesMax = EXPORT_LINE_BYTES_MAX;
  return (await import('./importExport.ts')).importExport(env, header, all, options);
}

async function* withFirst(first: Line, others: AsyncIterable<Line>): AsyncGenerator<Line> {
  yield first;
  yield* others;
}
