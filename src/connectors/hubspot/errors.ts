// HubSpot's error answers: `{status, message, category, correlationId, policyName?}`.
// Source: https://developers.hubspot.com/docs/api/error-handling and /docs/api/usage-details

import { IntegrationError } from '../../core/errors.ts';
import { jsonAt, jsonOrNull } from '../../core/json.ts';
import { HOUR_MS, type Ms, SECOND_MS } from '../../core/time.ts';
import type { BufferedResponse } from '../../egress/buffered.ts';
import { limitsSaid } from '../../limits/headers/limitsSaid.ts';
import { providerFailure } from '../contract.ts';

/** HubSpot moves an account between data centres; it says so with this status for hours. */
const STATUS_MIGRATING = 477;
/** The window of the burst limits is ten seconds; waiting it out always helps. */
const BURST_WAIT_MS = 10 * SECOND_MS;
/** Searches are limited by the second. */
const SEARCH_WAIT_MS = SECOND_MS;
/** The daily count restarts at midnight of a time zone that we do not know. */
const DAILY_WAIT_MS = HOUR_MS;

const WAITS_MS: ReadonlyMap<string, Ms> = new Map([
  ['daily', DAILY_WAIT_MS],
  ['search', SEARCH_WAIT_MS],
]);

export function hubspotFailure(response: BufferedResponse, nowMs: Ms): IntegrationError {
  const message = jsonAt(jsonOrNull(response.body.toString()), 'message');
  const detail = typeof message === 'string' ? message.slice(0, 300) : undefined;
  const failure = providerFailure('HubSpot', response, nowMs, detail);
  const upstreamStatus = response.status;
  if (response.status === STATUS_MIGRATING) {
    const { retryAtMs } = failure;
    const facts = { upstreamStatus, ...(retryAtMs === undefined ? {} : { retryAtMs }) };
    return new IntegrationError('provider_5xx', failure.message, facts);
  }
  if (response.status === 429) {
    const bodyText = response.body.toString();
    const said = limitsSaid('hubspot', { status: response.status, headers: response.headers, bodyText }, nowMs);
    const spent = said.readings.find(({ remaining }) => remaining === 0)?.name ?? 'burst';
    const retryAtMs = said.retryAtMs ?? nowMs + (WAITS_MS.get(spent) ?? BURST_WAIT_MS);
    return new IntegrationError('rate_limited', failure.message, { upstreamStatus, retryAtMs });
  }
  if (response.status === 400 && detail?.includes('Cannot deserialize value of type') === true) {
    return new IntegrationError('cursor_gone', failure.message, { upstreamStatus });
  }
  return failure;
}
