// The platform's published command line, request by request as it makes them: written after what it sends and what it
// reads, with Go's ways of both. It checks as little as that one does and fails where that one would.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { crc32, deflateRawSync } from 'node:zlib';
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../../src/core/json.ts';
import { judge } from './everyAnswer.ts';

/** Go's zero time, which its encoder writes for a time that nobody set. */
const ZERO_TIME = '0001-01-01T00:00:00Z';
const RFC_3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

interface Answer {
  readonly status: number;
  readonly media: string;
  readonly text: string;
}

interface CliOptions {
  /** `AMP_API_URL`, without `/v1`. */
  readonly apiUrl: string;
  /** `AMP_API_KEY` */
  readonly key: string;
  /** `--project` */
  readonly project: string;
}

export class PublishedCli {
  /** What was asked, in order: method and path below `/v1`, or the address of an upload. */
  readonly asked: string[] = [];
  readonly #options: CliOptions;

  constructor(options: CliOptions) {
    this.#options = options;
  }

  /**
   * `amp deploy`. Answers the deployed names. `whenRemoved` is what the person at the prompt says if a read object is
   * gone from an integration that is installed; without anybody the prompt fails.
   */
  async deploy(manifest: string, whenRemoved: 'keep' | 'pause' | null = null): Promise<readonly string[]> {
    const zip = goZip('amp.yaml', manifest);
    const md5 = createHash('md5').update(zip).digest('base64');
    const isPause = (await this.#isPromptNeeded(manifest)) && answered(whenRemoved) === 'pause';
    const { url, bucket, path } = (await this.#json('GET', `/generate-upload-url?md5=${goEscape(md5)}`)) as JsonObject;
    await this.#upload(String(url), zip, md5);
    const slashed = String(path).startsWith('/') ? String(path) : `/${path}`;
    const query = isPause ? '?destructive=true' : '';
    const body = { sourceZipUrl: `gs://${bucket}${slashed}` };
    const deployed = await this.#json('PUT', `${this.#inProject('/integrations:batch')}${query}`, body);
    return listOf(deployed).map(({ name }) => String(name));
  }

  /** `amp list:integrations`: names, with how many have installed each. */
  async listIntegrations(): Promise<ReadonlyMap<string, number>> {
    const integrations = listOf(await this.#json('GET', this.#inProject('/integrations')));
    const counts = new Map<string, number>();
    for (const { id, name } of integrations) counts.set(String(name), (await this.#installations(String(id))).length);
    return counts;
  }

  /** `amp list:installations`: the groups, which crashes where one is missing. */
  async listInstallations(integration: string): Promise<readonly string[]> {
    return (await this.#installations(integration)).map(({ group }) => memberOf(group, 'groupRef'));
  }

  /** `amp list:destinations`: the addresses, which crashes without `metadata`. */
  async listDestinations(): Promise<readonly string[]> {
    return (await this.#destinations()).map(({ metadata }) => memberOf(metadata, 'url'));
  }

  /** `amp list:projects`, `list:connections` and `list:provider-apps`: how many. */
  async count(what: 'projects' | 'connections' | 'provider-apps'): Promise<number> {
    return listOf(await this.#json('GET', what === 'projects' ? '/projects' : this.#inProject(`/${what}`))).length;
  }

  /** `amp deploy:destination`: all of the struct for a new one, three masks for one that is known by id or name. */
  async deployDestination(name: string, url: string): Promise<void> {
    const destination = { id: '', name, type: 'webhook', metadata: { url }, createTime: ZERO_TIME };
    const known = (await this.#destinations()).find((one) => one['id'] === name || one['name'] === name);
    const path = this.#inProject('/destinations');
    if (known === undefined) await this.#json('POST', path, destination);
    else {
      const body = { updateMask: ['name', 'type', 'metadata'], destination };
      await this.#json('PATCH', `${path}/${known['id']}`, body);
    }
  }

  /** `amp sync-ngrok`: another address for each webhook. */
  async syncWebhooks(url: string): Promise<void> {
    for (const { id, type } of await this.#destinations()) {
      const body = { updateMask: ['metadata.url'], destination: { metadata: { url } } };
      if (type === 'webhook') await this.#json('PATCH', this.#inProject(`/destinations/${id}`), body);
    }
  }

  /** `amp delete:integration` and `delete:installation` */
  async delete(integration: string, installation?: string): Promise<void> {
    const path = `/integrations/${integration}${installation === undefined ? '' : `/installations/${installation}`}`;
    await this.#json('DELETE', this.#inProject(path));
  }

  /** `amp init`: the names of the catalog. */
  async providers(): Promise<readonly string[]> {
    return Object.keys((await this.#json('GET', '/providers')) as JsonObject);
  }

  /** Errors of the server are passed over here, as the command line does. */
  async #isPromptNeeded(manifest: string): Promise<boolean> {
    const integrations = await this.#json('GET', this.#inProject('/integrations'))
      .then(listOf)
      .catch(() => []);
    for (const { id, name, latestRevision } of integrations) {
      // A reader of YAML is not what is tested: names of objects are words of their own in these manifests.
      const isGone = readObjects(latestRevision).some((object) => !manifest.toLowerCase().includes(object));
      if (manifest.includes(String(name)) && isGone && (await this.#installations(String(id))).length > 0) return true;
    }
    return false;
  }

  #inProject(path: string): string {
    return `/projects/${this.#options.project}${path}`;
  }

  async #installations(integration: string): Promise<readonly JsonObject[]> {
    return listOf(await this.#json('GET', this.#inProject(`/integrations/${integration}/installations`)));
  }

  async #destinations(): Promise<readonly JsonObject[]> {
    return listOf(await this.#json('GET', this.#inProject('/destinations')));
  }

  /** The raw bytes, and no type and no credential with them. */
  async #upload(url: string, zip: Buffer, md5: string): Promise<void> {
    this.asked.push(`PUT ${url}`);
    const answer = await send('PUT', url, { 'content-md5': md5 }, zip);
    if (answer.status < 200 || answer.status > 299) throw new Error(`upload failed: ${answer.status} ${answer.text}`);
  }

  async #json(method: string, path: string, body?: JsonObject): Promise<JsonValue> {
    this.asked.push(`${method} ${path}`);
    const { apiUrl, key } = this.#options;
    const headers = {
      'x-api-key': key,
      'x-amp-client': 'amp-cli',
      'x-amp-client-version': '1.2.3',
      'x-amp-client-commit': 'abc1234',
      'x-amp-client-branch': 'main',
      'x-amp-client-build-date': ZERO_TIME,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const bytes = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const answer = await send(method, `${apiUrl}/v1${path}`, headers, bytes);
    const faults = judge(method, path.replace(/\?.*$/, ''), answer);
    if (faults.length > 0) throw new Error(`not as published: ${faults.join('\n')}`);
    if (answer.status < 200 || answer.status > 299) throw refusalOf(answer);
    return answer.text === '' ? null : decoded(answer.text);
  }
}

/** As Go sends: under its name, and without asking for gzip, which it would unpack by itself. */
async function send(method: string, url: string, headers: Record<string, string>, body?: Buffer): Promise<Answer> {
  const length: Record<string, string> = body === undefined ? {} : { 'content-length': String(body.length) };
  const sent = request(url, { method, headers: { 'user-agent': 'Go-http-client/1.1', ...headers, ...length } });
  sent.end(body);
  const [incoming] = (await once(sent, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const media = incoming.headers['content-type']?.split(';')[0] ?? '';
  return { status: incoming.statusCode ?? 0, media, text: Buffer.concat(chunks).toString() };
}

/** Only what says that it is a problem is read as one; everything else is a status and a text. */
function refusalOf({ status, media, text }: Answer): Error {
  if (media !== 'application/problem+json') return new Error(`${status}: ${text}`);
  const problem = parseJson(text, 'the problem') as JsonObject;
  const isNotFound = problem['status'] === 404 || status === 404;
  return new Error(`${isNotFound ? 'not found: ' : ''}${problem['detail']}`);
}

/** Go's decoder fails on a time that is none, and on null where a list is. */
function decoded(text: string): JsonValue {
  return JSON.parse(text, (name, value: JsonValue) => {
    if (/Time$/.test(name) && value !== null && !RFC_3339.test(String(value))) throw new Error(`${name}: ${value}`);
    return value;
  }) as JsonValue;
}

function listOf(value: JsonValue): readonly JsonObject[] {
  if (!Array.isArray(value)) throw new Error(`not a list: ${JSON.stringify(value)}`);
  return value as readonly JsonObject[];
}

function memberOf(object: JsonValue | undefined, name: string): string {
  if (!isJsonObject(object) || typeof object[name] !== 'string') throw new Error(`no ${name}: nil pointer`);
  return object[name];
}

function readObjects(revision: JsonValue | undefined): readonly string[] {
  const content = isJsonObject(revision) ? revision['content'] : undefined;
  const read = isJsonObject(content) ? content['read'] : undefined;
  const objects = isJsonObject(read) ? read['objects'] : undefined;
  return Array.isArray(objects) ? objects.map((object: JsonValue) => memberOf(object, 'objectName').toLowerCase()) : [];
}

function answered(whenRemoved: 'keep' | 'pause' | null): 'keep' | 'pause' {
  if (whenRemoved === null) throw new Error('prompt failed: there is no terminal');
  return whenRemoved;
}

/** `url.QueryEscape` */
function goEscape(text: string): string {
  return encodeURIComponent(text).replaceAll('%20', '+');
}

/** As Go's writer streams an archive: no sizes before the data, which a descriptor after it has. */
function goZip(name: string, text: string): Buffer {
  const plain = Buffer.from(text);
  const packed = deflateRawSync(plain);
  const nameBytes = Buffer.from(name);
  const sums = Buffer.alloc(12);
  sums.writeUInt32LE(crc32(plain), 0);
  sums.writeUInt32LE(packed.length, 4);
  sums.writeUInt32LE(plain.length, 8);
  const facts = Buffer.from([20, 0, 8, 0, 8, 0, 0, 0, 0, 0]);
  const lengths = Buffer.from([nameBytes.length, 0, 0, 0]);
  const local = Buffer.concat([Buffer.from('PK\x03\x04'), facts, Buffer.alloc(12), lengths, nameBytes]);
  const data = Buffer.concat([local, packed, Buffer.from('PK\x07\x08'), sums]);
  const entry = Buffer.concat([
    Buffer.from('PK\x01\x02'),
    Buffer.from([20, 0]),
    facts,
    sums,
    lengths,
    Buffer.alloc(14),
    nameBytes,
  ]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 0, 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(entry.length, 12);
  end.writeUInt32LE(data.length, 16);
  return Buffer.concat([data, entry, end]);
}
