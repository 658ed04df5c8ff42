// A builder's endpoint that answers as a test says and remembers every request to the byte, where the sandbox's
// receiver only counts. `answer` may be changed at any time.

import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedRequest {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export type DestinationAnswer =
  | { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string }
  | 'never';

export interface Destination {
  readonly origin: string;
  readonly requests: readonly ReceivedRequest[];
  /** Called for each request when its body is there. */
  answer: (request: ReceivedRequest) => DestinationAnswer;
  /** Resolves when the request with this number, from 1, is there. */
  received(count: number): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Answers 200 until told otherwise. */
export async function startDestination(): Promise<Destination> {
  const requests: ReceivedRequest[] = [];
  const waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
    const request = { path: incoming.url ?? '', headers: incoming.headers, body: Buffer.concat(chunks).toString() };
    requests.push(request);
    const answer = destination.answer(request);
    for (const { count, resolve } of waiting) if (requests.length >= count) resolve();
    if (answer !== 'never') outgoing.writeHead(answer.status, answer.headers).end(answer.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const destination: Destination = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    answer: () => ({ status: 200 }),
    received: (count) =>
      requests.length >= count ? Promise.resolve() : new Promise((resolve) => waiting.push({ count, resolve })),
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
  return destination;
}
