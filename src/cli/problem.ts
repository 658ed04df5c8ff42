// What commands and a server of ours have to say to each other: its address as it is typed, and what it says when it
// refuses something, as the error that the command then prints.

import { z } from 'zod';
import { originOf } from '../config.ts';
import { ERROR_CODES, type ErrorCode, type InputIssue, IntegrationError } from '../core/errors.ts';
import type { JsonValue } from '../core/json.ts';

const problem = z.object({
  detail: z.string(),
  code: z.string().optional(),
  remedy: z.string().optional(),
  issues: z
    .array(z.object({ in: z.enum(['body', 'header', 'path', 'query']), name: z.string(), detail: z.string() }))
    .optional(),
});

/** The server that `--url` names. Rejects with `invalid_input`. */
export function serverOrigin(url: string): string {
  const origin = originOf(url);
  if (origin !== null) return origin;
  throw new IntegrationError('invalid_input', `"${url}" is not the address of a server`, {
    remedy: 'Pass --url with an origin such as https://tenon.example.com, without a path.',
  });
}

/** Whatever answers at the address, it is not this product. */
export function notTenon(): IntegrationError {
  return new IntegrationError('provider_malformed', 'the server did not answer as Tenon does', {
    remedy: 'Check --url.',
  });
}

/** The error in an answer of 300 or more, with the issues it names. */
export function refusalOf(json: JsonValue): IntegrationError {
  const parsed = problem.safeParse(json);
  if (!parsed.success) return notTenon();
  const { detail, code = '', remedy, issues = [] } = parsed.data;
  const known = Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : 'invalid_input';
  const listed: readonly InputIssue[] = issues;
  return new IntegrationError(known, detail, { issues: listed, ...(remedy === undefined ? {} : { remedy }) });
}
