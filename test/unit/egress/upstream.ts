// A provider on loopback for the egress tests: a real node:http server, closed after the test that opened it.

import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { onTestFinished } from 'vitest';

export interface Upstream {
  readonly origin: string;
  readonly port: number;
  /** Connections opened so far. */
  connections(): number;
}

export async function startUpstream(listener: RequestListener): Promise<Upstream> {
  const server = createServer(listener);
  let connections = 0;
  server.on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { origin: `http://127.0.0.1:${port}`, port, connections: () => connections };
}

export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('latin1');
}

/** Breaks the connection with a TCP reset. */
export function reset(response: ServerResponse): void {
  (response.socket as Socket | null)?.resetAndDestroy();
}

/** A promise and its resolver, for "this has happened". */
export function moment<T = void>(): { readonly reached: Promise<T>; readonly reach: (value: T) => void } {
  const { promise, resolve } = Promise.withResolvers<T>();
  return { reached: promise, reach: resolve };
}
