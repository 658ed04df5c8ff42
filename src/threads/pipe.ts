// What is not proxied goes from an edge thread to the owner thread as it came, over a socket that only this process
// has, and the answer back. Both bodies stream. Invariants: nothing goes that two servers in a row could take for
// different requests; an answer that breaks off there breaks off here; nobody waits for a place.

import { Agent, type IncomingMessage, type RequestListener, request, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { IntegrationError } from '../core/errors.ts';
import { PIPED_CALLS_MAX, PIPED_PROBES_MAX, PIPED_RETRY_MS } from '../core/limits.ts';
import type { Clock } from '../core/time.ts';
import { assertPlain } from '../edge/plane.ts';
import { withoutFields } from '../egress/headers.ts';
import { hasBody } from '../flows/proxy.ts';

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
    let isAnswered = false;
    call.once('response', (answer) => {
      isAnswered = true;
      const { statusCode = 502, statusMessage = '' } = answer;
      outgoing.writeHead(statusCode, statusMessage, withoutFields(answer.rawHeaders, OWN_FIELDS));
      pipeline(answer, outgoing, (error) => {
        if (error !== undefined) outgoing.destroy();
        // It came before the body had: nobody reads the rest there, and the place is free.
        else if (!incoming.complete) call.destroy();
      });
    });
    // The owner thread went away, or the client: only one of them can still be told. An answer that has begun can be
    // whole although the rest of the body found nobody.
    call.on('error', () => {
      if (isAnswered || outgoing.destroyed) return;
      isAnswered = true;
      refuse(new IntegrationError('overloaded', OWNER_GONE), incoming, outgoing);
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
function isProbe(incoming: IncomingMessage): boolean {
  const { method, url = '/' } = incoming;
  if ((method !== 'GET' && method !== 'HEAD') || hasBody(incoming)) return false;
  return PROBES.has(url.split('?', 1)[0] as string);
}
