// The builder's endpoint: checks every signature with the reference library, remembers which record came in which
// message, and now and then refuses a message once. It believes nothing: a message that comes again must have the body
// it had before, and a record of one run must come in one message only.

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';

/** One in so many messages is refused when it comes for the first time. */
const REFUSED_SHARE = 12;

export interface Inbox {
  readonly origin: string;
  readonly violations: readonly string[];
  /** Different messages that were accepted, and how often one came again. */
  readonly counts: { readonly messages: number; readonly repeats: number; readonly refused: number };
  /** The secret that messages at a path are signed with. */
  readonly secrets: Map<string, string>;
  /** The message that a record of an operation came with, by the record's id. */
  recordsOf(operationId: string): ReadonlyMap<string, string>;
  /** Ids of all records that came for an installation. */
  recordsFor(installationId: string): ReadonlySet<string>;
  close(): Promise<void>;
}

/** The part of a message that is looked at. */
export interface RecordsMessage {
  readonly installationId: string;
  readonly operationId: string;
  readonly result: readonly { readonly raw: { readonly id?: string; readonly Id?: string } }[];
}

export function recordIdsOf({ result }: RecordsMessage): string[] {
  return result.map(({ raw }) => String(raw.id ?? raw.Id));
}

class Books {
  readonly violations: string[] = [];
  readonly counts = { messages: 0, repeats: 0, refused: 0 };
  readonly secrets = new Map<string, string>();
  readonly #bodies = new Map<string, string>();
  readonly #refused = new Set<string>();
  readonly #byOperation = new Map<string, Map<string, string>>();
  readonly #byInstallation = new Map<string, Set<string>>();

  recordsOf(operationId: string): ReadonlyMap<string, string> {
    return this.#byOperation.get(operationId) ?? new Map();
  }

  recordsFor(installationId: string): ReadonlySet<string> {
    return this.#byInstallation.get(installationId) ?? new Set();
  }

  /** The status it is answered with. */
  take(path: string, headers: IncomingMessage['headers'], body: string, isRefused: boolean): number {
    try {
      new Webhook(this.secrets.get(path) ?? '').verify(body, headers as Record<string, string>);
    } catch (error) {
      this.violations.push(`a message at ${path} had a wrong signature: ${String(error)}`);
      return 401;
    }
    const id = String(headers['webhook-id']);
    if (isRefused && !this.#bodies.has(id) && !this.#refused.has(id)) {
      this.#refused.add(id);
      this.counts.refused += 1;
      return 503;
    }
    const hash = createHash('sha256').update(body).digest('base64');
    const known = this.#bodies.get(id);
    if (known === undefined) this.#keep(id, hash, JSON.parse(body) as RecordsMessage);
    else this.counts.repeats += 1;
    if (known !== undefined && known !== hash) this.violations.push(`message ${id} came with two bodies`);
    return 200;
  }

  #keep(id: string, hash: string, message: RecordsMessage): void {
    this.#bodies.set(id, hash);
    this.counts.messages += 1;
    const { operationId, installationId } = message;
    const ofOperation = this.#byOperation.get(operationId) ?? new Map<string, string>();
    this.#byOperation.set(operationId, ofOperation);
    const ofInstallation = this.#byInstallation.get(installationId) ?? new Set();
    this.#byInstallation.set(installationId, ofInstallation);
    for (const recordId of recordIdsOf(message)) {
      const other = ofOperation.get(recordId);
      if (other !== undefined) this.violations.push(`record ${recordId} of one run came with ${other} and with ${id}`);
      ofOperation.set(recordId, id);
      ofInstallation.add(recordId);
    }
  }
}

/** `onAccepted` is called when the answer to a good message has left. */
export async function startInbox(roll: (sides: number) => number, onAccepted: () => void): Promise<Inbox> {
  const books = new Books();
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
    } catch {
      // Its sender was killed in the middle of it: it never came.
      return;
    }
    const body = Buffer.concat(chunks).toString();
    const status = books.take(incoming.url ?? '', incoming.headers, body, roll(REFUSED_SHARE) === 0);
    if (status === 200) outgoing.once('finish', onAccepted);
    outgoing.writeHead(status).end();
  });
  server.keepAliveTimeout = 120_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    violations: books.violations,
    counts: books.counts,
    secrets: books.secrets,
    recordsOf: (operationId) => books.recordsOf(operationId),
    recordsFor: (installationId) => books.recordsFor(installationId),
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
