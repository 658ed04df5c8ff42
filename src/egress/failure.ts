// Turns what the network threw into a code that says whether the provider may have acted. Called once per failed
// exchange. Invariant: as soon as one byte of the request was handed to the socket, no code that invites a blind
// retry is used; `outcome_unknown` makes the caller check first.

import { IntegrationError } from '../core/errors.ts';

/** undici refuses to write the request: a header, path, method or length is not valid HTTP. */
const INVALID_REQUEST_CODES: ReadonlySet<string> = new Set([
  'UND_ERR_INVALID_ARG',
  'UND_ERR_NOT_SUPPORTED',
  'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH',
]);

/**
 * The error of an exchange with `host`. An IntegrationError passes as it is. The message may name addresses (`connect
 * ECONNREFUSED 10.0.0.1:443`), the public detail never does.
 */
export function classifyFailure(thrown: unknown, host: string, wasSent: boolean): IntegrationError {
  if (thrown instanceof IntegrationError) return thrown;
  const code = codeOf(thrown);
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const failure = (as: 'bad_request' | 'network' | 'outcome_unknown' | 'timeout', publicDetail: string) =>
    new IntegrationError(as, `${publicDetail}: ${reason}`, { publicDetail, cause: thrown });

  if (wasSent) return failure('outcome_unknown', `${host} got the request but gave no complete answer`);
  if (INVALID_REQUEST_CODES.has(code)) return failure('bad_request', 'the request is not valid HTTP');
  if (code === 'UND_ERR_CONNECT_TIMEOUT') return failure('timeout', `${host} did not accept a connection in time`);
  return failure('network', `${host} could not be reached`);
}

function codeOf(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' ? code : '';
}
