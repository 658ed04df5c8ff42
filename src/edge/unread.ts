// Requests that no plane gets to see: the parser refuses them, their head is too large or too slow, or they expect what
// nobody here does. Node would answer them with a bare status of which nobody here knew. Invariants: a connection gets
// one such answer and no byte of it inside of another one; nothing that came is repeated or logged; whoever broke the
// connection is told nothing. What the parser refuses is its own matter, and its next bytes are never parsed.

import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Plane } from '../core/counts.ts';
import { IntegrationError } from '../core/errors.ts';
import { newId } from '../core/ids.ts';
import type { Clock } from '../core/time.ts';
import { requestIdOf } from './calls.ts';
import { linger } from './earlyAnswer.ts';
import { isProxied } from './plane.ts';
import { PROBLEM_OF_PROXY, problemBody, problemOf } from './problem.ts';

/** What is known of one. */
export interface Unread {
  readonly plane: Plane;
  readonly requestId: string;
  readonly method?: string | undefined;
  readonly error: IntegrationError;
  /** The parser's word for it. */
  readonly reason?: string;
  /** It broke off in the middle of a call, which tells of its end itself. */
  readonly isOfCall: boolean;
}

/** Logs and counts one. */
export type TellUnread = (unread: Unread) => void;

/** Connections that have had their answer, maybe while the client still sends. */
const answered = new WeakSet<Socket>();

/** Node's own way from a connection to the response whose turn it is; it judges by it too. */
type ServedSocket = Socket & { readonly _httpMessage?: { readonly _headerSent: boolean } | null };

/** Answers what `clientError` of node:http tells. Throws nothing. */
export function answerUnread(fault: NodeJS.ErrnoException, socket: ServedSocket, clock: Clock, tell: TellUnread): void {
  if (answered.has(socket)) return;
  const error = errorOf(fault.code ?? '');
  if (error === null || !socket.writable) {
    socket.destroy();
    return;
  }
  answered.add(socket);
  const { _httpMessage: current = null } = socket;
  const requestId = newId<string>();
  const isOfCall = current !== null;
  tell({ plane: 'other', requestId, error, isOfCall, ...(fault.code === undefined ? {} : { reason: fault.code }) });
  if (current?._headerSent !== true) socket.write(textOf(error, clock, requestId));
  // The call has half of its request, and must hear that the rest never comes.
  if (isOfCall) {
    socket.destroy();
    return;
  }
  linger(socket, clock);
  socket.destroySoon();
}

/** Answers a request that expects something else than `100-continue` (RFC 9110 section 10.1.1). */
export function refuseExpectation(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  clock: Clock,
  tell: TellUnread,
  answer: (response: Response, incoming: IncomingMessage, outgoing: ServerResponse) => void,
): void {
  const { headers, method } = incoming;
  const requestId = requestIdOf(headers['x-request-id'] as string | undefined);
  const error = new IntegrationError('expectation_failed', 'the only expectation that is met here is 100-continue');
  tell({ plane: isProxied(incoming) ? 'proxy' : 'other', requestId, method, error, isOfCall: false });
  outgoing.shouldKeepAlive = false;
  answer(problemOf(error, clock.nowMs(), requestId, 'proxied'), incoming, outgoing);
}

/** Null for a connection that broke. The statuses are those that node answers with. */
function errorOf(code: string): IntegrationError | null {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new IntegrationError('head_too_large', 'the head of the request is too large');
  if (code === 'HPE_CHUNK_EXTENSIONS_OVERFLOW') {
    return new IntegrationError('payload_too_large', 'the extensions of a chunk are too long');
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new IntegrationError('body_timeout', 'the request did not come in time');
  }
  return code.startsWith('HPE_')
    ? new IntegrationError('bad_request', `the request is not valid HTTP (${code})`)
    : null;
}

function textOf(error: IntegrationError, clock: Clock, requestId: string): string {
  const body = JSON.stringify(problemBody(error, clock.nowMs(), requestId, 'proxied'));
  const lines = [
    `HTTP/1.1 ${error.status} ${STATUS_CODES[error.status]}`,
    `content-type: ${PROBLEM_OF_PROXY}`,
    `x-request-id: ${requestId}`,
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
