// `tenon deploy FILE`: sends a manifest to a running server, which checks all of it. Problems come back with file,
// line and column and are printed one a line, as compilers do.

import { readFile, stat } from 'node:fs/promises';
import process from 'node:process';
import { z } from 'zod';
import { IntegrationError } from '../core/errors.ts';
import { type JsonValue, jsonOrNull } from '../core/json.ts';
import { BUFFERED_CALL_TIMEOUT_MS, MANIFEST_BYTES_MAX, PAGE_BYTES_MAX } from '../core/limits.ts';
import { parseAllowList } from '../egress/address.ts';
import { createEgress } from '../egress/egress.ts';
import { harmless, printLine, styled } from './print.ts';
import { notTenon, refusalOf, serverOrigin } from './problem.ts';

const deployed = z.array(
  z.object({ name: z.string(), provider: z.string(), latestRevision: z.object({ id: z.string() }) }),
);
const projects = z.array(z.object({ id: z.string(), name: z.string() }));
/** Rejects with `invalid_input` for an unreadable file or a missing key, and with what the server said. */
export async function deploy(file: string, url: string, apiKey: string | undefined): Promise<void> {
  if (apiKey === undefined || apiKey === '') {
    throw new IntegrationError('invalid_input', 'an API key is needed', {
      remedy: 'Set TENON_API_KEY or pass --api-key.',
    });
  }
  const origin = serverOrigin(url);
  const sourceYaml = await readManifest(file);
  // The server is named by the person at the keyboard, so any address is theirs to choose.
  const egress = createEgress({ allowList: parseAllowList('0.0.0.0/0,::/0') });
  const call = async (method: string, path: string, body?: object) => {
    const response = await egress.request({
      url: `${origin}/v1${path}`,
      method,
      headers: { 'x-api-key': apiKey, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      timeoutMs: BUFFERED_CALL_TIMEOUT_MS,
      responseBytesMax: PAGE_BYTES_MAX,
    });
    const json = jsonOrNull(response.body.toString());
    if (response.status >= 300) throw refused(json);
    return json;
  };
  try {
    const [project] = answerAs(projects, await call('GET', '/projects'));
    if (project === undefined) throw new IntegrationError('not_found', 'this key has no project');
    const path = `/projects/${project.id}/integrations:batch`;
    const integrations = answerAs(deployed, await call('PUT', path, { sourceYaml, sourceName: file }));
    const width = Math.max(...integrations.map(({ name }) => name.length));
    for (const { name, provider } of integrations) {
      printLine(`${styled('green', 'deployed')}  ${name.padEnd(width)}  ${styled('dim', provider)}`);
    }
  } finally {
    await egress.close();
  }
}

async function readManifest(file: string): Promise<string> {
  const unreadable = (reason: string, cause?: unknown) =>
    new IntegrationError('invalid_input', `${file}: ${reason}`, { cause });
  const facts = await stat(file).catch((cause: unknown) => {
    throw unreadable('no such file', cause);
  });
  if (!facts.isFile()) throw unreadable('is not a file');
  if (facts.size > MANIFEST_BYTES_MAX) throw unreadable(`is larger than ${MANIFEST_BYTES_MAX} bytes`);
  return readFile(file, 'utf8');
}

function answerAs<Schema extends z.ZodType>(schema: Schema, json: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw notTenon();
}

/** The problems of the manifest go before the error, one a line. */
function refused(json: JsonValue): IntegrationError {
  const refusal = refusalOf(json);
  for (const issue of refusal.issues) process.stderr.write(`${harmless(issue.detail)}\n`);
  return refusal;
}
