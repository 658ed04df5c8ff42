// `tenon deploy FILE`: sends a manifest to a running server, which checks all of it. Problems come back with file,
// line and column and are printed one a line, as compilers do. With --plan the server only says what would change.

import process from 'node:process';
import { z } from 'zod';
import { IntegrationError } from '../core/errors.ts';
import { type JsonValue, jsonOrNull } from '../core/json.ts';
import { BUFFERED_CALL_TIMEOUT_MS, PAGE_BYTES_MAX } from '../core/limits.ts';
import { parseAllowList } from '../egress/address.ts';
import { createEgress } from '../egress/egress.ts';
import { widthOf } from './layout.ts';
import { readManifest } from './manifestFile.ts';
import { planLines } from './planLayout.ts';
import { harmless, printLine, printWarning, styled } from './print.ts';
import { notTenon, refusalOf, serverOrigin } from './problem.ts';

export interface DeployOptions {
  readonly apiKey?: string | undefined;
  readonly json?: boolean | undefined;
  /** Also ends the reads of objects that the manifest no longer has. */
  readonly destructive?: boolean | undefined;
}

const deployed = z.array(
  z.looseObject({ name: z.string(), provider: z.string(), latestRevision: z.looseObject({ id: z.string() }) }),
);
const planned = z.object({
  integrations: z.array(
    z.object({
      name: z.string(),
      provider: z.string(),
      verdict: z.enum(['added', 'changed', 'same', 'untouched']),
      changes: z.array(
        z.object({
          action: z.string(),
          objectName: z.string().optional(),
          what: z.string().optional(),
          before: z.custom<JsonValue>().optional(),
          after: z.custom<JsonValue>().optional(),
        }),
      ),
      kept: z.array(z.string()),
      installations: z.number(),
      rescheduled: z.number().nullable(),
    }),
  ),
  warnings: z.array(z.string()),
});

/** What a server says that a deploy would do. */
export type Planned = z.infer<typeof planned>;

/** Rejects with `invalid_input` for an unreadable file or a missing key, and with what the server said. */
export async function deploy(path: string, url: string, options: DeployOptions): Promise<void> {
  const integrations = await withProject(path, url, options, async (call, projectId, source) =>
    answerAs(deployed, await call('PUT', `/v1/projects/${projectId}/integrations:batch${queryOf(options)}`, source)),
  );
  if (options.json === true) {
    printLine(JSON.stringify(integrations, null, 2));
    return;
  }
  const width = widthOf(integrations.map(({ name }) => name));
  for (const { name, provider } of integrations) {
    printLine(`${styled('green', 'deployed')}  ${name.padEnd(width)}  ${styled('dim', provider)}`);
  }
}

/** Rejects as `deploy`; changes nothing. */
export async function planDeploy(path: string, url: string, options: DeployOptions): Promise<void> {
  const plan = await withProject(path, url, options, async (call, projectId, source) =>
    answerAs(
      planned,
      await call('POST', `/tenon/v1/projects/${projectId}/integrations:plan${queryOf(options)}`, source),
    ),
  );
  if (options.json === true) {
    printLine(JSON.stringify(plan, null, 2));
    return;
  }
  for (const warning of plan.warnings) printWarning(warning);
  for (const line of planLines(plan)) printLine(line);
}

function queryOf({ destructive = false }: DeployOptions): string {
  return destructive ? '?destructive=true' : '';
}

type Call = (method: string, path: string, body?: object) => Promise<JsonValue>;
type Source = { readonly sourceYaml: string; readonly sourceName: string };

const projects = z.array(z.object({ id: z.string(), name: z.string() }));

async function withProject<Answer>(
  path: string,
  url: string,
  { apiKey = '' }: DeployOptions,
  work: (call: Call, projectId: string, source: Source) => Promise<Answer>,
): Promise<Answer> {
  if (apiKey === '') {
    throw new IntegrationError('invalid_input', 'an API key is needed', {
      remedy: 'Set TENON_API_KEY or pass --api-key.',
    });
  }
  const origin = serverOrigin(url);
  const source = await sourceOf(path);
  // The server is named by the person at the keyboard, so any address is theirs to choose.
  const egress = createEgress({ allowList: parseAllowList('0.0.0.0/0,::/0') });
  const call: Call = async (method, target, body) => {
    const response = await egress.request({
      url: `${origin}${target}`,
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
    const [project] = answerAs(projects, await call('GET', '/v1/projects'));
    if (project === undefined) throw new IntegrationError('not_found', 'this key has no project');
    return await work(call, project.id, source);
  } finally {
    await egress.close();
  }
}

async function sourceOf(path: string): Promise<Source> {
  const read = await readManifest(path);
  if (read.kind === 'read') return { sourceYaml: read.text, sourceName: read.file };
  const { file, line, column, message } = read.problem;
  const place = line === 1 && column === 1 ? file : `${file}:${line}:${column}`;
  throw new IntegrationError('invalid_input', `${place}: ${message}`);
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
