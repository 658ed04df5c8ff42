// A webhook receiver over real HTTP, the builder's side of a delivery: checks signatures, counts messages and records,
// and answers badly on demand. Started by the demo, tests and benches. Invariant: what it counts as accepted was
// signed with the expected secret and answered with 200.

import { timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { IntegrationError } from '../core/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue, jsonAt } from '../core/json.ts';
import {
  SANDBOX_BODY_BYTES_MAX,
  SANDBOX_KEEP_ALIVE_MS,
  SANDBOX_RECEIVER_IDS_MAX,
  SANDBOX_RECEIVER_MESSAGES_MAX,
} from '../core/limits.ts';
import { type Clock, MINUTE_MS, SECOND_MS, systemClock } from '../core/time.ts';
import { signMessage } from '../webhook/sign.ts';

/** Verifiers of Standard Webhooks refuse stamps that are further from now than this. */
const TIMESTAMP_TOLERANCE_MS = 5 * MINUTE_MS;

export interface ReceiverOptions {
  /** 0 or absent for any free port. */
  readonly port?: number;
  readonly clock?: Clock;
  /** The signing secret of the destination at a path; null where no message is expected. */
  readonly secretFor: (path: string) => string | null;
  /** Hears of each accepted message once, before it is answered. */
  readonly onMessage?: (message: JsonObject) => void;
}

/** `never` leaves a request without an answer until the receiver closes. */
export type ReceiverFault = number | 'never';

export interface ReceiverState {
  readonly requests: number;
  /** Messages with a good signature that were answered with 200, repetitions included. */
  readonly accepted: number;
  /** Accepted messages whose id was accepted before. */
  readonly duplicates: number;
  readonly signatureFailures: number;
  /** Requests that met a fault. */
  readonly faultsMet: number;
  /** Different record ids, over all accepted messages but those of events, by object name. */
  readonly recordsByObject: ReadonlyMap<string, number>;
  /** Those that came again in a message with another id. */
  readonly recordsRepeated: number;
  /** Bodies of the newest accepted messages, oldest first. */
  readonly messages: readonly JsonObject[];
}

export interface Receiver {
  /** `http://127.0.0.1:<port>` */
  readonly origin: string;
  readonly port: number;
  state(): ReceiverState;
  hasRecord(objectName: string, id: string): boolean;
  /** The next `times` requests are answered with a status, or never. A 429 carries `Retry-After: 1`. */
  failNext(fault: ReceiverFault, times?: number): void;
  /** Resolves with the first state that satisfies the predicate, maybe the present one. Rejects when it closes. */
  waitFor(predicate: (state: ReceiverState) => boolean): Promise<ReceiverState>;
  close(): Promise<void>;
}

interface Waiter {
  readonly predicate: (state: ReceiverState) => boolean;
  readonly resolve: (state: ReceiverState) => void;
  readonly reject: (reason: IntegrationError) => void;
}

/** Rejects with the system's error for a taken port. */
export async function startReceiver(options: ReceiverOptions): Promise<Receiver> {
  const tally = new Tally(options.onMessage ?? (() => {}));
  const faults: ReceiverFault[] = [];
  const waiters = new Set<Waiter>();
  const clock = options.clock ?? systemClock;
  const tellWaiters = () => {
    if (waiters.size === 0) return;
    const state = tally.state();
    for (const waiter of waiters) {
      if (!waiter.predicate(state)) continue;
      waiters.delete(waiter);
      waiter.resolve(state);
    }
  };
  const server = createServer((incoming, outgoing) => {
    const answered = receive({ clock, secretFor: options.secretFor, tally, faults }, incoming, outgoing);
    // A request that its sender gave up is a request that did not count.
    answered.then(tellWaiters, () => outgoing.destroy());
  });
  server.keepAliveTimeout = SANDBOX_KEEP_ALIVE_MS;
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    port,
    state: () => tally.state(),
    hasRecord: (objectName, id) => tally.hasRecord(objectName, id),
    failNext(fault, times = 1) {
      for (let count = 0; count < times; count += 1) faults.push(fault);
    },
    waitFor(predicate) {
      if (predicate(tally.state())) return Promise.resolve(tally.state());
      return new Promise((resolve, reject) => waiters.add({ predicate, resolve, reject }));
    },
    async close() {
      for (const { reject } of waiters) reject(new IntegrationError('network', 'the receiver was closed'));
      waiters.clear();
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

interface Reception {
  readonly clock: Clock;
  readonly secretFor: ReceiverOptions['secretFor'];
  readonly tally: Tally;
  readonly faults: ReceiverFault[];
}

async function receive(reception: Reception, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const body = await bodyOf(incoming);
  const { tally, faults } = reception;
  tally.requests += 1;
  const fault = faults.shift();
  if (fault !== undefined) {
    tally.faultsMet += 1;
    if (fault === 'never') return;
    outgoing.writeHead(fault, fault === 429 ? { 'retry-after': '1' } : {}).end();
    return;
  }
  if (!isSigned(reception, incoming, body)) {
    tally.signatureFailures += 1;
    outgoing.writeHead(401).end();
    return;
  }
  const message = parseMessage(body);
  const isTaken = message !== null && tally.accept(header(incoming, 'webhook-id') ?? '', message);
  outgoing.writeHead(message === null ? 400 : isTaken ? 200 : 507).end();
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > SANDBOX_BODY_BYTES_MAX) throw new IntegrationError('payload_too_large', 'the message is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Svix's name of a header or the one of Standard Webhooks. */
function header(incoming: IncomingMessage, name: `webhook-${string}`): string | undefined {
  const value = incoming.headers[name] ?? incoming.headers[name.replace('webhook-', 'svix-')];
  return typeof value === 'string' ? value : undefined;
}

function isSigned({ clock, secretFor }: Reception, incoming: IncomingMessage, body: string): boolean {
  const id = header(incoming, 'webhook-id');
  const timestampS = Number(header(incoming, 'webhook-timestamp'));
  const path = (incoming.url ?? '').split('?', 1).join('');
  const secret = secretFor(path);
  if (id === undefined || !Number.isSafeInteger(timestampS) || secret === null) return false;
  if (Math.abs(clock.nowMs() - timestampS * SECOND_MS) > TIMESTAMP_TOLERANCE_MS) return false;
  const expected = Buffer.from(signMessage({ id, timestampS, body }, [secret]));
  const given = (header(incoming, 'webhook-signature') ?? '').split(' ').map((signature) => Buffer.from(signature));
  return given.some((signature) => signature.length === expected.length && timingSafeEqual(signature, expected));
}

function parseMessage(body: string): JsonObject | null {
  try {
    const message: unknown = JSON.parse(body);
    return isJsonObject(message) ? message : null;
  } catch {
    return null;
  }
}

/** What was received so far. Ids are kept up to a bound; beyond it messages are refused rather than miscounted. */
class Tally {
  requests = 0;
  signatureFailures = 0;
  faultsMet = 0;
  #accepted = 0;
  #duplicates = 0;
  #recordsRepeated = 0;
  #idsKept = 0;
  readonly #messageIds = new Set<string>();
  readonly #records = new Map<string, Set<string>>();
  readonly #messages: JsonObject[] = [];
  readonly #onMessage: (message: JsonObject) => void;

  constructor(onMessage: (message: JsonObject) => void) {
    this.#onMessage = onMessage;
  }

  state(): ReceiverState {
    const sizes = [...this.#records].map(([name, ids]) => [name, ids.size] as const);
    return {
      requests: this.requests,
      accepted: this.#accepted,
      duplicates: this.#duplicates,
      signatureFailures: this.signatureFailures,
      faultsMet: this.faultsMet,
      recordsByObject: new Map(sizes),
      recordsRepeated: this.#recordsRepeated,
      messages: [...this.#messages],
    };
  }

  hasRecord(objectName: string, id: string): boolean {
    return this.#records.get(objectName)?.has(id) ?? false;
  }

  /** False when the ids would not fit. */
  accept(messageId: string, message: JsonObject): boolean {
    // A record may have many events, none of which repeats it.
    const entries = message['action'] === 'subscribe' ? [] : message['result'];
    const ids = Array.isArray(entries) ? (entries as readonly JsonValue[]).map(recordIdOf) : [];
    if (this.#idsKept + ids.length + 1 > SANDBOX_RECEIVER_IDS_MAX) return false;
    this.#accepted += 1;
    if (this.#messageIds.has(messageId)) {
      this.#duplicates += 1;
      return true;
    }
    this.#messageIds.add(messageId);
    this.#idsKept += 1;
    for (const id of ids) if (id !== null) this.#addRecord(String(message['objectName']), id);
    this.#messages.push(message);
    if (this.#messages.length > SANDBOX_RECEIVER_MESSAGES_MAX) this.#messages.shift();
    this.#onMessage(message);
    return true;
  }

  #addRecord(objectName: string, id: string): void {
    const seen = this.#records.get(objectName) ?? new Set();
    this.#records.set(objectName, seen);
    if (seen.has(id)) {
      this.#recordsRepeated += 1;
      return;
    }
    seen.add(id);
    this.#idsKept += 1;
  }
}

/** Providers name the id of a raw record differently; delete events carry it beside the record. */
function recordIdOf(entry: JsonValue): string | null {
  for (const path of ['raw.id', 'raw.Id', 'id', 'fields.id', 'fields.Id', 'fields.hs_object_id']) {
    const id = jsonAt(entry, path);
    if (typeof id === 'string' || typeof id === 'number') return String(id);
  }
  return null;
}
