// Parts of queries and bodies that several operations have.

import { z } from 'zod';
import { REF_CHARS_MAX } from '../../core/limits.ts';

/** A query parameter that is absent, `true` or `false`; absent is false. */
export const flag = z
  .enum(['true', 'false'], { error: 'must be true or false' })
  .optional()
  .transform((text) => text === 'true');

/** A ref or a name that builders choose. */
export const ref = z.string().min(1).max(REF_CHARS_MAX);
