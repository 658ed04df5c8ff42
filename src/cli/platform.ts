// The one way in which commands use the published API: of the server at --url with an API key, of the one that runs on
// the data folder with the token that it left there, or of the folder itself, which then is not served meanwhile.
// Invariant: whichever answers, it is the same table of operations, so that all checks are the API's own.

import { readConfig } from '../config.ts';
import { IntegrationError } from '../core/errors.ts';
import { type JsonObject, type JsonValue, jsonOrNull } from '../core/json.ts';
import { BUFFERED_CALL_TIMEOUT_MS, CLI_ANSWER_BYTES_MAX } from '../core/limits.ts';
import { silentLog } from '../core/log.ts';
import { parseAllowList } from '../egress/address.ts';
import { createEgress } from '../egress/egress.ts';
import { databaseOf, type OperatorOptions, ownerOf } from './operator.ts';
import { notTenon, refusalOf, serverOrigin } from './problem.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** What every command about the things of a project takes. */
export interface PlatformOptions extends OperatorOptions {
  /** Id or name; needed only where there are several. */
  readonly project?: string | undefined;
  readonly json?: boolean | undefined;
}

export interface PlatformApi {
  /** False: changes wait for the next start of a server. */
  readonly isServing: boolean;
  /** `path` with its `/v1`. Rejects with what was answered; a text that is no JSON comes as it is, nothing as null. */
  call(method: string, path: string, body?: JsonObject): Promise<JsonValue>;
}

/** A project with the API it is reached by. */
export interface ProjectApi extends PlatformApi {
  readonly projectId: string;
  /** `/v1/projects/…` */
  readonly base: string;
}

/**
 * Runs `work` with whoever answers. Rejects with `not_found` where there is no data, `overloaded` while a server
 * starts, and as `start` for a folder whose master key is not at hand.
 */
export async function withPlatform<Result>(
  env: Env,
  options: PlatformOptions,
  work: (api: PlatformApi) => Promise<Result>,
): Promise<Result> {
  if (options.url !== undefined) return withRemote(env, options.url, options.apiKey, work);
  const { dataFolder } = readConfig(env);
  const owner = ownerOf(dataFolder);
  if (owner === null) return withFolder(env, work);
  if (owner.reach === null) {
    throw new IntegrationError('overloaded', `a process has the data folder ${dataFolder} and does not answer yet`, {
      remedy: 'Try again in a moment: it is starting, or another command is at work.',
    });
  }
  return overHttp(owner.reach.url, { authorization: `Bearer ${owner.reach.token}` }, work);
}

/**
 * As `withPlatform`, in the project that is named or the only one. Rejects with `invalid_input` if that is not clear.
 */
export function withProject<Result>(
  env: Env,
  options: PlatformOptions,
  work: (api: ProjectApi) => Promise<Result>,
): Promise<Result> {
  return withPlatform(env, options, async (api) => {
    const projects = listOf(await api.call('GET', '/v1/projects'));
    const { project } = options;
    const named = projects.filter(({ id, name }) => id === project || name === project?.toLowerCase());
    const found = project === undefined ? projects : named;
    const [only, another] = found;
    if (only === undefined) {
      throw new IntegrationError('not_found', project === undefined ? 'there is no project' : 'no such project', {
        remedy: projects.length === 0 ? 'Make one: tenon projects create NAME.' : '`tenon projects list` shows them.',
      });
    }
    if (another !== undefined) {
      const names = projects.map(({ name }) => String(name)).join(', ');
      throw new IntegrationError('invalid_input', `there are several projects: ${names}`, {
        remedy: 'Say which with --project.',
      });
    }
    const projectId = String(only['id']);
    return work({ ...api, projectId, base: `/v1/projects/${encodeURIComponent(projectId)}` });
  });
}

/** The members of a list, whatever form it is published in. */
export function listOf(answer: JsonValue): readonly JsonObject[] {
  if (Array.isArray(answer)) return answer as readonly JsonObject[];
  const results = (answer as { readonly results?: JsonValue } | null)?.results;
  if (Array.isArray(results)) return results as readonly JsonObject[];
  throw notTenon();
}

/** A project's key goes in a header of its own; a builder's key is told apart by being refused there. */
async function withRemote<Result>(
  env: Env,
  url: string,
  given: string | undefined,
  work: (api: PlatformApi) => Promise<Result>,
): Promise<Result> {
  const apiKey = given ?? env['TENON_API_KEY'] ?? '';
  if (apiKey === '') {
    throw new IntegrationError('invalid_input', 'an API key is needed', {
      remedy: 'Set TENON_API_KEY or pass --api-key; on the machine of the server leave --url away.',
    });
  }
  const origin = serverOrigin(url);
  const asBuilder = await overHttp(origin, { 'x-api-key': apiKey }, async ({ call }) =>
    call('GET', '/v1/projects').then(
      () => false,
      (error: unknown) => {
        if (error instanceof IntegrationError && error.code === 'forbidden') return true;
        throw error;
      },
    ),
  );
  return overHttp(origin, asBuilder ? { authorization: `Bearer ${apiKey}` } : { 'x-api-key': apiKey }, work);
}

async function overHttp<Result>(
  origin: string,
  credential: Readonly<Record<string, string>>,
  work: (api: PlatformApi) => Promise<Result>,
): Promise<Result> {
  // The server is named by the person at the keyboard, so any address is theirs to choose.
  const egress = createEgress({ allowList: parseAllowList('0.0.0.0/0,::/0') });
  const call: PlatformApi['call'] = async (method, path, body) => {
    const response = await egress.request({
      url: `${origin}${path}`,
      method,
      headers: { ...credential, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      timeoutMs: BUFFERED_CALL_TIMEOUT_MS,
      responseBytesMax: CLI_ANSWER_BYTES_MAX,
    });
    return answerOf(response.status, response.body.toString());
  };
  try {
    return await work({ isServing: true, call });
  } finally {
    await egress.close();
  }
}

async function withFolder<Result>(env: Env, work: (api: PlatformApi) => Promise<Result>): Promise<Result> {
  const config = readConfig(env);
  // Opening the store would make one.
  databaseOf(config.dataFolder);
  const { openAtRest } = await import('../main.ts');
  // What cannot be written is told by the commit itself.
  const atRest = await openAtRest({ config, log: silentLog(), writer: 'inThread', onFatal: () => {} });
  const call: PlatformApi['call'] = async (method, path, body) => {
    const headers = { 'content-type': 'application/json' };
    const init = body === undefined ? { method } : { method, headers, body: JSON.stringify(body) };
    const response = await atRest.request(path, init);
    return answerOf(response.status, await response.text());
  };
  try {
    return await work({ isServing: false, call });
  } finally {
    await atRest.stop();
  }
}

function answerOf(status: number, text: string): JsonValue {
  const json = jsonOrNull(text);
  if (status >= 300) throw withIssues(refusalOf(json));
  return json ?? (text === '' ? null : text);
}

/** What exactly is wrong, in the one line that is printed. */
function withIssues(refusal: IntegrationError): IntegrationError {
  const { code, publicDetail, issues, remedy } = refusal;
  const said = issues.map(({ name, detail }) => (publicDetail.includes(detail) ? '' : `${name} ${detail}`));
  const list = said.filter((text) => text !== '').join('; ');
  if (list === '') return refusal;
  return new IntegrationError(code, `${publicDetail}: ${list}`, remedy === undefined ? {} : { remedy });
}
