// Requests of node:http. Node makes an object of all fields of a request as soon as one is looked at, and looks at
// `Host` itself; of a proxied call that took as long as finding its customer, its limits and its token together. So its
// `headers` hold only what somebody looks at here, in objects of one shape. Invariant: of the fields in PROXY_FIELDS
// both say the same, and every other request has all fields.

import { IncomingMessage } from 'node:http';
import { NameTable } from '../core/nameTable.ts';
import { PROXY_VERSION_HEADER } from './plane.ts';

/** What is looked at of a proxied call, besides those of FRAMING. */
export const PROXY_FIELDS = [
  'host',
  'expect',
  'upgrade',
  'x-api-key',
  PROXY_VERSION_HEADER,
  'x-amp-project-id',
  'x-amp-installation-id',
  'x-amp-integration-name',
  'x-amp-group-ref',
  'x-amp-rate-limiter-mode',
  'x-request-id',
  'traceparent',
  'tracestate',
] as const;
/** See PROXY_FIELDS. */
export type ProxyField = (typeof PROXY_FIELDS)[number];

/** Not there at all where a request has none of them: node asks with `in`. */
const FRAMING = ['content-length', 'transfer-encoding'] as const;

type Fields = Record<string, string | undefined>;

const NOTHING: Readonly<Fields> = Object.fromEntries(PROXY_FIELDS.map((name) => [name, undefined]));

/** The names that are looked at, by every spelling; null for all others. */
const names = new NameTable((spelling): string | null => {
  const lower = spelling.toLowerCase();
  return [...PROXY_FIELDS, ...FRAMING].find((name) => name === lower) ?? null;
});

/** Made by node's server in the place of its own, for each request. */
export class EdgeMessage extends IncomingMessage {
  /** Once they were looked at. */
  looked: Readonly<Fields> | null = null;
}

// Not in the class: to the compiler, `headers` is no accessor that could be overridden.
const ofNode = Object.getOwnPropertyDescriptor(IncomingMessage.prototype, 'headers');
Object.defineProperty(EdgeMessage.prototype, 'headers', {
  ...ofNode,
  get(this: EdgeMessage): Readonly<Fields> {
    this.looked ??= proxyFieldsOf(this.rawHeaders) ?? ofNode?.get?.call(this);
    return this.looked as Readonly<Fields>;
  },
});

// undici tells a request of node by its constructor: the body of a call that it gives up is dropped without the
// connection to the client, on which the answer goes.
Object.defineProperty(EdgeMessage.prototype, 'constructor', { value: IncomingMessage });

/** Null for what is no proxied call by its header, and where a field came twice: how those join is node's to know. */
function proxyFieldsOf(rawHeaders: readonly string[]): Readonly<Fields> | null {
  const fields: Fields = { ...NOTHING };
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = names.of(rawHeaders[index] as string);
    if (name === null) continue;
    if (fields[name] !== undefined) return null;
    fields[name] = rawHeaders[index + 1] as string;
  }
  return fields[PROXY_VERSION_HEADER] === undefined ? null : fields;
}
