// The platform's published SDK for Node, request by request as it makes them: what it is generated from is older than
// the API, so that it says `projectId` where the rest says `projectIdOrName`, still makes groups and consumers, and
// takes an answer for the wanted one only with the exact status and type. Its decoder is strict: what it needs must be
// there, times have a zone, and null is no absence.

import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { isJsonObject, type JsonObject, type JsonValue } from '../../src/core/json.ts';

const USER_AGENT = 'speakeasy-sdk/typescript 0.2.3 2.731.6 1.0.0 @amp-labs/sdk-node-platform';
/** It asks least for the very type that it takes. */
const ACCEPT_JSON = 'application/problem+json;q=1, application/json;q=0';
const ACCEPT_TEXT = 'application/problem+json;q=1, text/plain;q=0';
const ACCEPT_NOTHING = 'application/problem+json';

/** A problem that the server told, for a status that the operation has one for. */
export class SdkProblem extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

interface Wanted {
  readonly status: number;
  readonly body: 'json' | 'text' | 'none';
}

export interface SdkOptions {
  /** With `/v1`. */
  readonly serverUrl: string;
  readonly apiKeyHeader: string;
}

export class PublishedSdk {
  readonly #options: SdkOptions;

  constructor(options: SdkOptions) {
    this.#options = options;
  }

  /** `oauth.connect`: the address of the consent page. */
  async oauthConnect(body: JsonObject): Promise<string> {
    return String(await this.#call('POST', '/oauth-connect', { status: 200, body: 'text' }, body));
  }

  /** Any operation that answers JSON, with the status it must have. */
  async json(method: string, path: string, status: 200 | 201, body?: JsonObject): Promise<JsonObject> {
    return (await this.#call(method, path, { status, body: 'json' }, body)) as JsonObject;
  }

  /** Any operation whose answer has nothing in it that is read. */
  async none(method: string, path: string, status: 201 | 204, body?: JsonObject): Promise<void> {
    await this.#call(method, path, { status, body: 'none' }, body);
  }

  async #call(method: string, path: string, wanted: Wanted, body?: JsonObject): Promise<JsonValue> {
    const accept = { json: ACCEPT_JSON, text: ACCEPT_TEXT, none: ACCEPT_NOTHING }[wanted.body];
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const sent = request(`${this.#options.serverUrl}${path}`, {
      method,
      headers: {
        accept,
        cookie: '',
        'user-agent': USER_AGENT,
        'x-api-key': this.#options.apiKeyHeader,
        ...(bytes === undefined ? {} : { 'content-type': 'application/json', 'content-length': bytes.length }),
      },
    });
    sent.end(bytes);
    const [incoming] = (await once(sent, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    return read(incoming, text, wanted);
  }
}

/** The matcher: an exact status with its type, a problem, or an error that knows nothing. */
function read({ statusCode = 0, headers }: IncomingMessage, text: string, wanted: Wanted): JsonValue {
  const type = headers['content-type'] ?? '';
  const media = type.split(';')[0];
  if (statusCode === wanted.status) {
    if (wanted.body === 'none') return null;
    if (wanted.body === 'text' && media === 'text/plain') return text;
    if (wanted.body === 'json' && media === 'application/json') return decoded(JSON.parse(text) as JsonValue, '');
    throw new Error(`unexpected response: ${statusCode} as "${type}"`);
  }
  if (statusCode < 400) throw new Error(`unexpected status: ${statusCode}`);
  if (media !== 'application/problem+json') throw new Error(`API error occurred: status ${statusCode} as "${type}"`);
  const problem = JSON.parse(text) as JsonObject;
  throw new SdkProblem(statusCode, String(problem['detail']));
}

const RFC_3339_WITH_ZONE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** What its schemas refuse wherever it stands. */
function decoded(value: JsonValue, name: string): JsonValue {
  if (value === null) throw new Error(`${name}: expected no null`);
  if (/Time$/.test(name) && !RFC_3339_WITH_ZONE.test(String(value))) throw new Error(`${name}: invalid datetime`);
  if (Array.isArray(value)) for (const item of value as readonly JsonValue[]) decoded(item, name);
  if (!isJsonObject(value)) return value;
  for (const [key, item] of Object.entries(value)) if (item !== undefined) decoded(item, key);
  if ('authType' in value && !isJsonObject(value['providerOpts'])) throw new Error('providerOpts: required');
  if ('objectName' in value && 'requiredFields' in value) {
    for (const key of ['schedule', 'destination']) {
      if (typeof value[key] !== 'string') throw new Error(`${key}: expected a text`);
    }
  }
  return value;
}
