// Input of the control plane: bounded in size and time, JSON, checked against a schema. Wrong input is told whole, with
// the place of every wrong value.

import type { Context } from 'hono';
import type { z } from 'zod';
import { type InputIssue, IntegrationError } from '../core/errors.ts';
import { parseJson } from '../core/json.ts';
import { API_BODY_BYTES_MAX, REQUEST_BODY_MS_MAX } from '../core/limits.ts';
import { type Clock, SECOND_MS } from '../core/time.ts';
import type { EdgeEnv } from './context.ts';

/** Rejects with `payload_too_large`, `body_timeout`, `malformed` or, with issues, `bad_request`. */
export async function readBody<Schema extends z.ZodType>(
  clock: Clock,
  context: Context<EdgeEnv>,
  schema: Schema,
): Promise<z.infer<Schema>> {
  return parsed(await readText(clock, context.req.raw), schema);
}

/** The same where a body may be left out: then it is null. A request of node:http always has a body, maybe empty. */
export async function readBodyIfSent<Schema extends z.ZodType>(
  clock: Clock,
  context: Context<EdgeEnv>,
  schema: Schema,
): Promise<z.infer<Schema> | null> {
  const text = await readText(clock, context.req.raw);
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
export async function readText(clock: Clock, request: Request): Promise<string> {
  return (await readBytes(clock, request, API_BODY_BYTES_MAX)).toString();
}

/**
 * Counted while it is read: a length that is announced may be a lie, and a chunked body announces none. Rejects with
 * `payload_too_large`, and with `body_timeout` where it has not come whole within REQUEST_BODY_MS_MAX.
 */
export async function readBytes(clock: Clock, request: Request, bytesMax: number): Promise<Buffer> {
  const tooLarge = () => new IntegrationError('payload_too_large', `the request body is larger than ${bytesMax} bytes`);
  if (Number(request.headers.get('content-length') ?? 0) > bytesMax) throw tooLarge();
  if (request.body === null) return Buffer.alloc(0);
  const reader = request.body.getReader();
  let isLate = false;
  const timer = clock.timerAt(clock.nowMs() + REQUEST_BODY_MS_MAX, () => {
    isLate = true;
    // Ends the read that waits.
    void reader.cancel();
  });
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      bytes += read.value.length;
      if (bytes > bytesMax) throw tooLarge();
      chunks.push(read.value);
    }
  } finally {
    timer.cancel();
  }
  if (isLate) {
    const seconds = REQUEST_BODY_MS_MAX / SECOND_MS;
    throw new IntegrationError('body_timeout', `the request body did not come whole within ${seconds} seconds`);
  }
  return Buffer.concat(chunks);
}
