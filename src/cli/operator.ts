// The one way in which commands reach Tenon's data. While a server runs on the data folder it is asked over its
// operator plane, with the token that it left there for whoever may read the folder; otherwise the folder is opened
// here. Either way the same flow answers, so that both print the same:
//
//   const path = `/actors/${segmentOf(id)}`;
//   const question = { method: 'GET', path, offline: ({ look }) => showActor(look, id) };
//   const view = await withOperator(process.env, options, (operator) => ask(operator, question));
//
// Invariant: a folder is never opened here while a server has it, and no process is asked but the folder's owner.

import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import { createCatalog } from '../catalog/catalog.ts';
import { type Config, readConfig } from '../config.ts';
import { IntegrationError } from '../core/errors.ts';
import { isJsonObject, type JsonValue, jsonOrNull } from '../core/json.ts';
import { BUFFERED_CALL_TIMEOUT_MS, PAGE_BYTES_MAX } from '../core/limits.ts';
import { systemClock } from '../core/time.ts';
import { parseAllowList } from '../egress/address.ts';
import { createEgress, type Egress, forwarded } from '../egress/egress.ts';
import { WebSink } from '../egress/sinkWeb.ts';
import type { Look } from '../flows/operator/look.ts';
import { type Owner, readOwner } from '../store/ownerLock.ts';
import type { Reads } from '../store/port.ts';
import { SCHEMA_VERSION } from '../store/schema.ts';
import { openForReading } from '../store/sqlite.ts';
import { folderError, openStore, type Store, type StoreOptions } from '../store/store.ts';
import { notTenon, refusalOf, serverOrigin } from './problem.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** What every operator's command takes. */
export interface OperatorOptions {
  /** A server elsewhere; then `apiKey` is needed, with the scope `operator`. */
  readonly url?: string | undefined;
  readonly apiKey?: string | undefined;
}

/** A running server. */
export interface OperatorServer {
  readonly url: string;
  /** `path` is below `/operator/v1`. Rejects with what the server said, or could not be reached. */
  request(method: string, path: string, timeoutMs?: number): Promise<JsonValue>;
  /** The body of a GET, as it comes. Rejects as `request`; the stream fails if the server breaks off. */
  download(path: string): Promise<ReadableStream<Uint8Array>>;
}

/** A data folder that no server runs on. */
export interface DataFolder {
  readonly config: Config;
  /** Committed rows, read-only. */
  readonly look: Look;
  /** The store, for changes: takes the owner lock, so that no server starts meanwhile. Closed with the operator. */
  store(prepare?: StoreOptions['prepare']): Promise<Store>;
}

export type Operator =
  | { readonly kind: 'server'; readonly server: OperatorServer }
  | { readonly kind: 'folder'; readonly folder: DataFolder };

/** A question that a server and a folder answer alike. */
export interface Question<Answer> {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below `/operator/v1`, with encoded segments. */
  readonly path: string;
  /** For questions that take the server longer than others. */
  readonly timeoutMs?: number;
  readonly offline: (folder: DataFolder) => Answer | Promise<Answer>;
}

/**
 * Runs `work` with whoever answers for the data: the server at `options.url`, the one that runs on TENON_DATA_DIR, or
 * that folder itself. Rejects with `not_found` if the folder holds no data, `overloaded` while its server starts.
 */
export async function withOperator<Result>(
  env: Env,
  options: OperatorOptions,
  work: (operator: Operator) => Promise<Result>,
): Promise<Result> {
  if (options.url !== undefined) {
    const apiKey = options.apiKey ?? env['TENON_API_KEY'] ?? '';
    if (apiKey === '') {
      throw new IntegrationError('invalid_input', 'an API key with the scope "operator" is needed', {
        remedy: 'Pass --api-key or set TENON_API_KEY; `tenon key create --operator` makes one.',
      });
    }
    return withServer(serverOrigin(options.url), { 'x-api-key': apiKey }, work);
  }
  const config = readConfig(env);
  const owner = ownerOf(config.dataFolder);
  if (owner === null) return withFolder(config, work);
  if (owner.reach === null) throw notListening(config.dataFolder, owner.pid);
  return withServer(owner.reach.url, { authorization: `Bearer ${owner.reach.token}` }, work);
}

/** The answer to one question. A server's is taken at its word: the same program wrote it. */
export async function ask<Answer>(operator: Operator, question: Question<Answer>): Promise<Answer> {
  if (operator.kind === 'folder') return question.offline(operator.folder);
  const answer = await operator.server.request(question.method, question.path, question.timeoutMs);
  if (!isJsonObject(answer)) throw notTenon();
  return answer as Answer;
}

/** An id as one segment of a path. Rejects with `not_found` for those that a URL takes for something else. */
export function segmentOf(id: string): string {
  if (/^\.{0,2}$/.test(id)) throw new IntegrationError('not_found', `nothing has the id "${id}"`);
  return encodeURIComponent(id);
}

async function withServer<Result>(
  url: string,
  credential: Readonly<Record<string, string>>,
  work: (operator: Operator) => Promise<Result>,
): Promise<Result> {
  // The server is named by the person at the keyboard, so any address is theirs to choose.
  const egress = createEgress({ allowList: parseAllowList('0.0.0.0/0,::/0') });
  const base = `${url}/operator/v1`;
  const server: OperatorServer = {
    url,
    request: async (method, path, timeoutMs = BUFFERED_CALL_TIMEOUT_MS) => {
      const response = await egress.request({
        url: `${base}${path}`,
        method,
        headers: credential,
        timeoutMs,
        responseBytesMax: PAGE_BYTES_MAX,
      });
      const json = jsonOrNull(response.body.toString());
      if (response.status >= 300) throw refusalOf(json);
      return json;
    },
    download: (path) => download(egress, `${base}${path}`, credential),
  };
  try {
    return await work({ kind: 'server', server });
  } finally {
    await egress.close();
  }
}

async function download(
  egress: Egress,
  address: string,
  credential: Readonly<Record<string, string>>,
): Promise<ReadableStream<Uint8Array>> {
  const url = new URL(address);
  const sink = new WebSink('GET', new AbortController().signal);
  const call = {
    origin: url.origin,
    path: `${url.pathname}${url.search}`,
    method: 'GET',
    headers: Object.entries(credential).flat(),
    body: null,
  };
  const outcome = forwarded(egress, call, sink, { accept: () => true });
  const failed = outcome.then((result) => {
    if (result.kind === 'failed' && !result.headSent) throw result.error;
    return sink.response;
  });
  const response = await Promise.race([sink.response, failed]);
  if (response.status >= 300) throw refusalOf(jsonOrNull(await response.text()));
  if (response.body === null) throw notTenon();
  return response.body;
}

async function withFolder<Result>(config: Config, work: (operator: Operator) => Promise<Result>): Promise<Result> {
  const reads = openReads(config.dataFolder);
  const opened: Store[] = [];
  const store = async (prepare?: StoreOptions['prepare']) => {
    const [first] = opened;
    if (first !== undefined) return first;
    const options = { folder: config.dataFolder, writer: 'inThread', onFatal: () => {} } as const;
    const made = await openStore(prepare === undefined ? options : { ...options, prepare });
    opened.push(made);
    return made;
  };
  // Asked without the operator's catalog file: what is looked up are names that people read.
  const look: Look = {
    store: { reads, isHealthy: true },
    catalog: createCatalog(),
    clock: systemClock,
    isServing: false,
  };
  try {
    return await work({ kind: 'folder', folder: { config, look, store } });
  } catch (error) {
    throw error instanceof IntegrationError ? error : folderError(config.dataFolder, error);
  } finally {
    for (const made of opened) await made.close();
    reads.close();
  }
}

/**
 * The committed rows of a folder, read-only. Rejects with `not_found` if it has none, `forbidden` if this user may not
 * read them, `snapshot_unreadable` if another version wrote them.
 */
export function openReads(folder: string): Reads {
  const path = databaseOf(folder);
  let reads: Reads | null = null;
  try {
    reads = openForReading(path);
    checkSchema(reads, folder);
    return reads;
  } catch (error) {
    reads?.close();
    throw folderError(folder, error);
  }
}

/** The server that has the folder, or null. Rejects with `forbidden` where only another user may know. */
export function ownerOf(folder: string): Owner | null {
  assertOurs(folder);
  try {
    return readOwner(folder);
  } catch (error) {
    throw folderError(folder, error);
  }
}

/** The database of a folder. Rejects with `not_found` if it has none, `forbidden` if this user may not read it. */
export function databaseOf(folder: string): string {
  assertOurs(folder);
  const path = join(folder, 'tenon.db');
  if (existsSync(path)) return path;
  throw new IntegrationError('not_found', `there is no Tenon data in ${folder}`, {
    remedy: 'Name the folder with TENON_DATA_DIR, or a running server with --url.',
  });
}

/** Whoever may not look into a folder would be told that nothing is there. */
function assertOurs(folder: string): void {
  for (const path of [join(folder, 'owner.lock'), join(folder, 'tenon.db')]) {
    try {
      accessSync(path, constants.R_OK);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EACCES') continue;
      throw new IntegrationError('forbidden', `the data folder ${folder} belongs to another user`, {
        remedy: 'Run the command as that user, or pass --url and --api-key.',
        cause,
      });
    }
  }
}

/** Rows of another version are somebody else's to read. */
function checkSchema(reads: Reads, folder: string): void {
  const version = reads.get<{ user_version: number }>('PRAGMA user_version')?.user_version;
  if (version === SCHEMA_VERSION) return;
  throw new IntegrationError('snapshot_unreadable', `the data in ${folder} was written by another version of Tenon`, {
    remedy: 'Start `tenon serve` on it once; a server of this version brings older data up to date.',
  });
}

function notListening(folder: string, pid: number | null): IntegrationError {
  const who = pid === null ? 'a process' : `process ${pid}`;
  return new IntegrationError('overloaded', `${who} has the data folder ${folder} and does not answer yet`, {
    remedy: 'Try again in a moment: it is starting, or another command is at work.',
  });
}
