// What is not proxied goes from an edge thread to the owner thread as it came, over a socket that only this process
// has, and the answer back. Both bodies stream. Invariants: nothing goes that two servers in a row could take for
// different requests; an answer that breaks off there breaks off here; nobody waits for a place.

import {
  Agent,
  type ClientRequest,
  type IncomingMessage,
  type RequestListener,
  request,
  type ServerResponse,
} from 'node:http';
import { pipeline } from 'node:stream';
import { IntegrationError } from '../core/errors.ts';
import { PIPED_CALLS_MAX, PIPED_PROBES_MAX, PIPED_RETRY_MS, UNREAD_BYTES_MAX, UNREAD_MS_MAX } from '../core/limits.ts';
import type { Clock } from '../core/time.ts';
import { assertPlain } from '../edge/plane.ts';
import { withoutFields } from '../egress/headers.ts';

/** Of one connection, and not of the request (RFC 9110 section 7.6.1). `Expect` was answered here. */
const OWN_FIELDS: readonly string[] = ['connection', 'keep-alive', 'proxy-connection', 'upgrade', 'te', 'expect'];

/** What orchestrators look at. */
const PROBES: ReadonlySet<string> = new Set(['/health', '/ready']);

/** A way to the owner thread. */
export interface Pipe {
  readonly serve: RequestListener;
  close(): void;
}

/** Calls that may be under way together. */
interface Room {
  open: number;
  readonly max: number;
}

/** `fault` says why nothing is piped just now; `refuse` answers a request with what is wrong. */
export function pipeTo(
  path: string,
  clock: Clock,
  fault: () => IntegrationError | null,
  refuse: (error: IntegrationError, incoming: IncomingMessage, outgoing: ServerResponse) => void,
): Pipe {
  // As many sockets as calls: the agent would have further ones wait, for as long as the slowest likes.
  const agent = new Agent({ keepAlive: true });
  const calls: Room = { open: 0, max: PIPED_CALLS_MAX };
  const probes: Room = { open: 0, max: PIPED_PROBES_MAX };
  const assertPiped = (incoming: IncomingMessage, { open, max }: Room) => {
    assertPlain(incoming);
    const silence = fault();
    if (silence !== null) throw silence;
    if (open < max) return;
    const message = `${max} calls of this edge thread are under way to the owner thread`;
    const publicDetail = 'too many calls are under way; try again soon';
    const retryAtMs = clock.nowMs() + PIPED_RETRY_MS;
    throw new IntegrationError('overloaded', message, { publicDetail, retryAtMs });
  };
  const serve: RequestListener = (incoming, outgoing) => {
    const { method, url, rawHeaders } = incoming;
    const room = isProbe(incoming) ? probes : calls;
    try {
      assertPiped(incoming, room);
    } catch (error) {
      refuse(error as IntegrationError, incoming, outgoing);
      return;
    }
    const call = request({
      agent,
      socketPath: path,
      method,
      path: url,
      headers: withoutFields(rawHeaders, OWN_FIELDS),
      setHost: false,
    });
    room.open += 1;
    call.once('close', () => {
      room.open -= 1;
    });
    call.once('response', (answer) => {
      const { statusCode = 502, statusMessage = '' } = answer;
      outgoing.writeHead(statusCode, statusMessage, withoutFields(answer.rawHeaders, OWN_FIELDS));
      pipeline(answer, outgoing, (error) => {
        if (error !== undefined) outgoing.destroy();
        else if (!incoming.complete) leaveUnread(incoming, call, clock);
      });
    });
    // The owner thread went away, or the client: only one of them can still be told.
    call.once('error', () => {
      if (outgoing.headersSent) outgoing.destroy();
      else if (!outgoing.destroyed) refuse(new IntegrationError('overloaded', OWNER_GONE), incoming, outgoing);
    });
    outgoing.once('close', () => {
      if (!outgoing.writableEnded) call.destroy();
    });
    // No pipeline: that ends the connection to the client with the way to the owner thread, before the answer is read.
    incoming.pipe(call);
    incoming.once('error', () => call.destroy());
  };
  return { serve, close: () => agent.destroy() };
}

const OWNER_GONE = 'the owner thread did not answer';

/** Without a body, which could come slowly: such a request holds its place for as long as the owner thread needs. */
function isProbe({ method, url = '/', headers }: IncomingMessage): boolean {
  if (method !== 'GET' && method !== 'HEAD') return false;
  if (headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0') return false;
  return PROBES.has(url.split('?', 1)[0] as string);
}

/**
 * It was answered before its body had come whole. A client that reads the answer only when it has sent all would lose
 * it to a reset if the connection ended at once; one that sends slowly would keep it for hours.
 */
function leaveUnread(incoming: IncomingMessage, call: ClientRequest, clock: Clock): void {
  const { socket } = incoming;
  incoming.unpipe(call);
  call.destroy();
  const timer = clock.timerAt(clock.nowMs() + UNREAD_MS_MAX, () => socket.destroySoon());
  let bytes = 0;
  incoming.on('data', (piece: Buffer) => {
    bytes += piece.length;
    if (bytes > UNREAD_BYTES_MAX) socket.destroySoon();
  });
  incoming.once('close', () => timer.cancel());
  incoming.resume();
}
