// What is not proxied goes from an edge thread to the owner thread as it came, over a socket that only this process
// has, and the answer back. Both bodies stream. Invariants: nothing goes that two servers in a row could take for
// different requests; an answer that breaks off there breaks off here.

import { Agent, type IncomingMessage, type RequestListener, request, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream';
import { IntegrationError } from '../core/errors.ts';
import { PIPED_CALLS_MAX } from '../core/limits.ts';
import { assertPlain } from '../edge/plane.ts';
import { withoutFields } from '../egress/headers.ts';

/** Of one connection, and not of the request (RFC 9110 section 7.6.1). `Expect` was answered here. */
const OWN_FIELDS: readonly string[] = ['connection', 'keep-alive', 'proxy-connection', 'upgrade', 'te', 'expect'];

/** A way to the owner thread. */
export interface Pipe {
  readonly serve: RequestListener;
  close(): void;
}

/** `fault` says why nothing is piped just now; `refuse` answers a request with what is wrong. */
export function pipeTo(
  path: string,
  fault: () => IntegrationError | null,
  refuse: (error: IntegrationError, incoming: IncomingMessage, outgoing: ServerResponse) => void,
): Pipe {
  const agent = new Agent({ keepAlive: true, maxSockets: PIPED_CALLS_MAX });
  const serve: RequestListener = (incoming, outgoing) => {
    const { method, url, rawHeaders } = incoming;
    try {
      assertPlain(incoming);
    } catch (error) {
      refuse(error as IntegrationError, incoming, outgoing);
      return;
    }
    const silence = fault();
    if (silence !== null) {
      refuse(silence, incoming, outgoing);
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
    call.once('response', (answer) => {
      const { statusCode = 502, statusMessage = '' } = answer;
      outgoing.writeHead(statusCode, statusMessage, withoutFields(answer.rawHeaders, OWN_FIELDS));
      pipeline(answer, outgoing, (error) => {
        if (error !== undefined) outgoing.destroy();
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
    pipeline(incoming, call, ignore);
  };
  return { serve, close: () => agent.destroy() };
}

const OWNER_GONE = 'the owner thread did not answer';

function ignore(): void {}
