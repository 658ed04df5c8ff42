// Input of the control plane: bounded, JSON, checked against a schema. Wrong input is told whole, with the place of
// every wrong value.

import type { Context } from 'hono';
import type { z } from 'zod';
import { type InputIssue, IntegrationError } from '../core/errors.ts';
import { parseJson } from '../core/json.ts';
import { API_BODY_BYTES_MAX } from '../core/limits.ts';
import type { EdgeEnv } from './context.ts';

/** Rejects with `payload_too_large`, `malformed` or, with issues, `bad_request`. */
export async function readBody<Schema extends z.ZodType>(
  context: Context<EdgeEnv>,
  schema: Schema,
): Promise<z.infer<Schema>> {
  return parsed(await readText(context.req.raw), schema);
}

/** The same where a body may be left out: then it is null. A request of node:http always has a body, maybe empty. */
export async function readBodyIfSent<Schema extends z.ZodType>(
  context: Context<EdgeEnv>,
  schema: Schema,
): Promise<z.infer<Schema> | null> {
  const text = await readText(context.req.raw);
  return text === '' ? null : parsed(text, schema);
}

function parsed<Schema extends z.ZodType>(text: string, schema: Schema): z.infer<Schema> {
  return checked(parseJson(text, 'the request body'), schema, 'body');
}

/** Rejects with `bad_request` and an issue for each wrong value. */
export function checked<Schema extends z.ZodType>(
  value: unknown,
  schema: Schema,
  where: 'body' | 'query',
): z.infer<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issues = result.error.issues.map(
    (issue): InputIssue => ({ in: where, name: nameOf(issue.path), detail: issue.message }),
  );
  const what = where === 'body' ? 'the request body is not valid' : `the query is not valid: ${namesOf(issues)}`;
  throw new IntegrationError('bad_request', what, { issues });
}

function namesOf(issues: readonly InputIssue[]): string {
  return [...new Set(issues.map(({ name }) => name))].join(', ');
}

function nameOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (name, step) =>
      typeof step === 'number' ? `${name}[${step}]` : name === '' ? String(step) : `${name}.${String(step)}`,
    '',
  );
}

/** A body as text; see `readBytes`. */
export async function readText(request: Request): Promise<string> {
  return (await readBytes(request, API_BODY_BYTES_MAX)).toString();
}

/**
 * Counted while it is read: a length that is announced may be a lie, and a chunked body announces none. Rejects with
 * `payload_too_large`.
 */
export async function readBytes(request: Request, bytesMax: number): Promise<Buffer> {
  const tooLarge = () => new IntegrationError('payload_too_large', `the request body is larger than ${bytesMax} bytes`);
  if (Number(request.headers.get('content-length') ?? 0) > bytesMax) throw tooLarge();
  if (request.body === null) return Buffer.alloc(0);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body as unknown as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
