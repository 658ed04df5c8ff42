// Parts of queries and bodies that several operations have.

import { z } from 'zod';
import { LIST_PAGE_MAX, REF_CHARS_MAX } from '../../core/limits.ts';

/** A query parameter that is absent, `true` or `false`; absent is false. */
export const flag = z
  .enum(['true', 'false'], { error: 'must be true or false' })
  .optional()
  .transform((text) => text === 'true');

/** A ref or a name that builders choose. */
export const ref = z.string().min(1).max(REF_CHARS_MAX);

/** Of a page where none is asked for. */
export const PAGE_SIZE = 200;

/** `<time>.<id>` of the last one of the page before. */
const pageToken = z
  .string()
  .regex(/^(\d{1,15}\.[A-Za-z0-9-]{1,64})?$/, 'is not one of ours')
  .optional()
  .transform((text): [number | null, string | null] => {
    const [atMs, id] = (text ?? '').split('.');
    return id === undefined ? [null, null] : [Number(atMs), id];
  });

export const pageQuery = z.object({
  pageSize: z
    .string()
    .regex(/^\d{1,4}$/, `must be a number from 1 to ${LIST_PAGE_MAX}`)
    .transform(Number)
    .pipe(z.number().min(1).max(LIST_PAGE_MAX))
    .optional(),
  pageToken,
});

/** What a list says of itself (wire: Pagination). `placeOf` is the time and the id that the list is ordered by. */
export function paginationOf<Row>(rows: readonly Row[], limit: number, placeOf: (row: Row) => [number, string]) {
  const last = rows.at(-1);
  if (rows.length < limit || last === undefined) return { done: true };
  return { done: false, nextPageToken: placeOf(last).join('.') };
}
