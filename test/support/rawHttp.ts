// Both ends of a proxied call as bytes: a client that writes what it likes, and a provider that answers what it likes,
// for everything that HTTP libraries hide or refuse to send.

import { EventEmitter, once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** One connection to a server; text is Latin-1, so that each character is a byte. */
export class RawClient {
  readonly #socket: Socket;
  #received = '';
  #look: () => void = () => {};
  isClosed = false;
  /** How the connection broke, if it did. */
  errorCode: string | undefined;

  constructor(port: number) {
    this.#socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    this.#socket.on('data', (bytes) => {
      this.#received += bytes.toString('latin1');
      this.#look();
    });
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      this.errorCode = error.code;
    });
    for (const event of ['end', 'close'])
      this.#socket.on(event, () => {
        this.isClosed = true;
        this.#look();
      });
  }

  write(text: string): this {
    this.#socket.write(Buffer.from(text, 'latin1'));
    return this;
  }

  /** Says that nothing more will come, and keeps listening. */
  halfClose(): this {
    this.#socket.end();
    return this;
  }

  /** Leaves with a reset, as a process that was killed. */
  leave(): void {
    this.#socket.resetAndDestroy();
  }

  /** What was received, as soon as it holds `part` or the server has closed. */
  until(part: string): Promise<string> {
    return new Promise((resolve) => {
      this.#look = () => {
        if (!this.isClosed && !this.#received.includes(part)) return;
        this.#look = () => {};
        resolve(this.#received);
      };
      this.#look();
    });
  }

  /** Everything, up to the server's close; then the connection is given up. */
  async rest(): Promise<string> {
    const all = await this.until('\u{0}\u{0} never sent');
    this.#socket.destroy();
    return all;
  }
}

/** Everything that a server says to these bytes before it closes. */
export function exchange(port: number, text: string): Promise<string> {
  return new RawClient(port).write(text).rest();
}

/** What became of an upload. */
interface Uploaded {
  /** Everything that the server said. */
  readonly text: string;
  /** Of the body, as far as the connection took them. */
  readonly bytesSent: number;
  /** How the connection broke, if it did. */
  readonly errorCode: string | undefined;
}

const PIECE = Buffer.alloc(65_536, 'x');
const CHUNK = Buffer.concat([Buffer.from('10000\r\n'), PIECE, Buffer.from('\r\n')]);

/**
 * A client that reads nothing until it has sent a body of `bytes` (a multiple of 64 KB, or without end), as many do.
 * `fields` are lines of the head, each with its end. `sent` comes between the body and the reading.
 */
export async function upload(
  port: number,
  line: string,
  fields: string,
  bytes: number,
  isChunked = false,
  sent = async () => {},
): Promise<Uploaded> {
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }).pause();
  let errorCode: string | undefined;
  const news = new EventEmitter();
  const over = new Promise((resolve) => socket.once('close', resolve));
  socket.on('error', (error: NodeJS.ErrnoException) => {
    errorCode = error.code;
  });
  for (const event of ['drain', 'close']) socket.on(event, () => news.emit('news'));
  const framing = isChunked ? 'transfer-encoding: chunked' : `content-length: ${bytes}`;
  socket.write(`${line} HTTP/1.1\r\nHost: a\r\n${fields}${framing}\r\n\r\n`);
  let bytesSent = 0;
  while (bytesSent < bytes && !socket.destroyed) {
    bytesSent += PIECE.length;
    if (!socket.write(isChunked ? CHUNK : PIECE)) await once(news, 'news');
  }
  if (isChunked) socket.write('0\r\n\r\n');
  await sent();
  let text = '';
  socket.on('data', (piece) => {
    text += piece.toString('latin1');
  });
  socket.on('end', () => socket.end());
  socket.resume();
  await over;
  return { text, bytesSent, errorCode };
}

export interface RawProvider {
  readonly port: number;
  /** Heads and bodies as they arrived, one text per request. */
  readonly requests: string[];
  /** Connections that ended. */
  readonly ended: () => number;
  /** As soon as so many requests are there. */
  readonly reached: (requests: number) => Promise<void>;
  /** As soon as so many connections have ended. */
  readonly left: (connections: number) => Promise<void>;
  /** What the next requests are answered with; null leaves them waiting. */
  answer: string | null;
  /** Breaks every connection off. */
  cut(): void;
  close(): void;
}

/** A provider that answers every complete request with the bytes it was told. */
export async function startRawProvider(): Promise<RawProvider> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => {
      ended += 1;
      news.emit('news');
    });
    let text = '';
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      text += bytes.toString('latin1');
      if (!isWhole(text)) return;
      provider.requests.push(text);
      text = '';
      news.emit('news');
      if (provider.answer !== null) socket.write(Buffer.from(provider.answer, 'latin1'));
    });
  });
  let ended = 0;
  const news = new EventEmitter();
  const until = async (isSo: () => boolean) => {
    while (!isSo()) await once(news, 'news');
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const provider: RawProvider = {
    port: (server.address() as AddressInfo).port,
    requests: [],
    ended: () => ended,
    reached: (count) => until(() => provider.requests.length >= count),
    left: (count) => until(() => ended >= count),
    answer: null,
    cut() {
      for (const socket of sockets) socket.destroy();
      sockets.clear();
    },
    close() {
      provider.cut();
      server.close();
    },
  };
  return provider;
}

function isWhole(text: string): boolean {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return false;
  const head = text.slice(0, end).toLowerCase();
  if (head.includes('transfer-encoding: chunked')) return text.endsWith('0\r\n\r\n');
  const length = Number(/content-length: (\d+)/.exec(head)?.[1] ?? 0);
  return text.length >= end + 4 + length;
}

/** Names in lower case of the head of a request or an answer. */
export function fieldNames(text: string): string[] {
  const head = text.slice(0, text.indexOf('\r\n\r\n'));
  const lines = head.split('\r\n').slice(1);
  return lines.map((line) => line.slice(0, line.indexOf(':')).toLowerCase());
}
