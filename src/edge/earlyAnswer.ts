// Answers that are given before the request's body has come whole: refusals, and what a provider says in the middle of
// an upload. A client that reads only when it has sent all would lose such an answer to a reset if the connection ended
// at once, so it is left half open for a while and what still comes is thrown away (RFC 9112 section 9.6).
// Invariants: the head of such an answer says that the connection ends; no request that comes after it is looked at;
// whoever does not stop is cut off. The usual answer pays with two comparisons.

import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { UNREAD_BYTES_MAX, UNREAD_MS_MAX, UNREAD_SILENCE_MS_MAX } from '../core/limits.ts';
import { type Clock, type Ms, putBackMs, type Timer } from '../core/time.ts';
import { hasBody } from '../flows/proxy.ts';

/**
 * A response that is known before the body may only be quick: what came in one piece with the head has been parsed by
 * the next turn of the event loop, and the connection need not end for it.
 */
export function whenBodyCanBe(incoming: IncomingMessage, response: Response | Promise<Response>) {
  return isUnread(incoming) ? afterTurn(incoming, response) : response;
}

async function afterTurn(incoming: IncomingMessage, response: Response | Promise<Response>): Promise<Response> {
  const known = await response;
  if (isUnread(incoming)) await new Promise((resolve) => setImmediate(resolve));
  return known;
}

/** Whether a body has not come whole. */
function isUnread(incoming: IncomingMessage): boolean {
  return !incoming.complete && hasBody(incoming);
}

/** Connections whose last answer is under way. */
const ending = new WeakSet<Socket>();

/** Whether a request came behind one whose answer ends the connection (RFC 9112 section 9.6): nobody may act on it. */
export function isTooLate({ socket }: IncomingMessage, outgoing: ServerResponse): boolean {
  // Only one that waits for an answer before its own has no socket yet.
  return outgoing.socket === null && ending.has(socket);
}

/** The responses of a server on node:http, whoever writes them. */
export function earlyAnswers(clock: Clock): typeof ServerResponse<IncomingMessage> {
  return class EarlyAnswer<Request extends IncomingMessage> extends ServerResponse<Request> {
    override writeHead(status: number, reason?: unknown, fields?: unknown): this {
      if (isUnread(this.req)) this.#endConnection();
      return super.writeHead(status, reason as string, fields as string[]);
    }

    #endConnection(): void {
      this.shouldKeepAlive = false;
      if (this.socket !== null) ending.add(this.socket);
    }

    override end(chunk?: unknown, encoding?: unknown, sent?: unknown): this {
      const { req, socket, writableEnded } = this;
      super.end(chunk, encoding as BufferEncoding, sent as () => void);
      // Without a socket it waits for the answer before it, on the same connection.
      if (isUnread(req) && !writableEnded && socket !== null) linger(socket, clock);
      return this;
    }
  };
}

/** Goes on reading, past the parser and whoever had the body, until the client closes or a bound is reached. */
export function linger(socket: Socket, clock: Clock): void {
  if (socket.destroyed) return;
  const seen = { seenAtMs: clock.nowMs() };
  let untilMs = seen.seenAtMs + UNREAD_MS_MAX;
  let bytes = 0;
  /** Counts once the answer is out: a client that takes it slowly need not send anything. */
  let heardAtMs: Ms = untilMs;
  let timer: Timer | null = null;
  const now = (): Ms => {
    const nowMs = clock.nowMs();
    const backMs = putBackMs(seen, nowMs);
    untilMs -= backMs;
    heardAtMs -= backMs;
    return nowMs;
  };
  const watch = () => {
    timer?.cancel();
    const nowMs = now();
    const atMs = Math.min(untilMs, heardAtMs + UNREAD_SILENCE_MS_MAX);
    if (nowMs >= atMs) socket.destroy();
    else timer = clock.timerAt(atMs, watch);
  };
  socket.removeAllListeners('data');
  socket.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > UNREAD_BYTES_MAX) socket.destroy();
    else if (socket.writableEnded) heardAtMs = now();
  });
  // What node:http does when the last answer of a connection is out; it would end both directions.
  socket.destroySoon = () => {
    if (socket.writableEnded) return;
    socket.end();
    heardAtMs = now();
    watch();
  };
  socket.once('close', () => timer?.cancel());
  socket.resume();
  // Where the parser had stopped, its own way to go on went with it, and the stream still waits for its last read.
  socket._read(0);
  watch();
}
