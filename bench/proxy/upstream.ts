// The provider of the proxy bench: answers every request on a raw socket with the same bytes, so that it costs as
// little of its core as possible. It counts what it was asked and by how many requests without a credential.

import { type AddressInfo, createServer, type Socket } from 'node:net';
import { serveParent } from '../harness/processes.ts';
import { BODY_BYTES } from './traffic.ts';

const ANSWER = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: ${BODY_BYTES}\r\n` +
    `Date: Thu, 01 Jan 2026 00:00:00 GMT\r\nX-Request-Id: 7f3c1b52\r\n\r\n${'x'.repeat(BODY_BYTES)}`,
);
const HEAD_END = '\r\n\r\n';

/** What the upstream answers when asked for its counts. */
export interface UpstreamCounts {
  readonly requests: number;
  readonly withoutCredential: number;
}

let requests = 0;
let withoutCredential = 0;

/** Each request comes on a connection that waits for the answer, so a chunk never holds more than one. */
function serve(socket: Socket): void {
  let waiting: Buffer | null = null;
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: Buffer) => {
    const received = waiting === null ? chunk : Buffer.concat([waiting, chunk]);
    const headEnd = received.indexOf(HEAD_END);
    const head = headEnd === -1 ? '' : received.toString('latin1', 0, headEnd);
    if (headEnd === -1 || received.length < headEnd + HEAD_END.length + bodyBytesOf(head)) {
      waiting = received;
      return;
    }
    waiting = null;
    requests += 1;
    if (!head.includes('uthorization: Bearer ')) withoutCredential += 1;
    socket.write(ANSWER);
  });
}

function bodyBytesOf(head: string): number {
  return head.startsWith('GET') ? 0 : Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
}

const server = createServer(serve);
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  serveParent({ port }, (): UpstreamCounts => ({ requests, withoutCredential }));
});
