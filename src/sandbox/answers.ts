// Error answers in each vendor's own shape, for the routes and for faults on demand. Invariant: no answer repeats a
// credential.

import { newId } from '../core/ids.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import type { Provider, RequestContext } from './context.ts';

type HeaderFields = Readonly<Record<string, string>>;

export function jsonAnswer(c: RequestContext, status: number, body: JsonValue, headers: HeaderFields = {}): Response {
  return c.newResponse(JSON.stringify(body), asStatus(status), { 'content-type': 'application/json', ...headers });
}

export function htmlAnswer(c: RequestContext, status: number, page: string, headers: HeaderFields = {}): Response {
  return c.newResponse(page, asStatus(status), { 'content-type': 'text/html; charset=utf-8', ...headers });
}

/** Hono's status type is a closed list; fault rules may ask for any number. */
function asStatus(status: number): 200 {
  return status as 200;
}

/** Source: https://developers.hubspot.com/docs/api/error-handling */
export function hubspotError(
  c: RequestContext,
  status: number,
  category: string,
  message: string,
  more: JsonObject = {},
): Response {
  const correlationId = newId<never>();
  return jsonAnswer(
    c,
    status,
    { status: 'error', message, correlationId, category, ...more },
    { 'x-hubspot-correlation-id': correlationId },
  );
}

/** Source: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/errorcodes.htm */
export function salesforceError(c: RequestContext, status: number, errorCode: string, message: string): Response {
  return jsonAnswer(c, status, [{ message, errorCode }]);
}

/** Source: https://docs.stripe.com/api/errors */
export function stripeError(
  c: RequestContext,
  status: number,
  type: string,
  message: string,
  more: JsonObject = {},
): Response {
  return jsonAnswer(c, status, { error: { message, type, ...more } });
}

/** Source: https://developers.freshdesk.com/api/#error */
export function freshdeskError(c: RequestContext, status: number, code: string, message: string): Response {
  return jsonAnswer(c, status, { code, message });
}

/** Slack has no status but 200, apart from 429. Source: https://docs.slack.dev/apis/web-api/#responses */
export function slackError(c: RequestContext, error: string, more: JsonObject = {}): Response {
  return jsonAnswer(c, 200, { ok: false, error, ...more });
}

/** Source: https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api */
export function githubError(c: RequestContext, status: number, message: string, more: JsonObject = {}): Response {
  const body = { message, ...more, documentation_url: 'https://docs.github.com/rest', status: String(status) };
  return jsonAnswer(c, status, body, { 'content-type': 'application/json; charset=utf-8' });
}

const SALESFORCE_CODES: Readonly<Record<number, readonly [errorCode: string, message: string]>> = {
  400: ['JSON_PARSER_ERROR', 'The body is not what the resource expects'],
  401: ['INVALID_SESSION_ID', 'Session expired or invalid'],
  403: ['REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.'],
  404: ['NOT_FOUND', 'The requested resource does not exist'],
  429: ['REQUEST_LIMIT_EXCEEDED', 'TotalRequests Limit exceeded.'],
  503: ['SERVER_UNAVAILABLE', 'Server temporarily unavailable'],
};

/** An error of any status as the provider would say it; with its own text where the status has a well-known one. */
export function providerError(c: RequestContext, provider: Provider | null, status: number, message: string): Response {
  switch (provider) {
    case 'salesforce': {
      const [errorCode, text] = SALESFORCE_CODES[status] ?? ['UNKNOWN_EXCEPTION', message];
      return salesforceError(c, status, errorCode, text);
    }
    case 'stripe':
      if (status === 429) return stripeError(c, 429, 'invalid_request_error', message, { code: 'rate_limit' });
      return stripeError(c, status, status < 500 ? 'invalid_request_error' : 'api_error', message);
    case 'freshdesk':
      return freshdeskError(c, status, `status_${status}`, message);
    case 'slack':
      return jsonAnswer(c, status, { ok: false, error: status === 429 ? 'ratelimited' : 'internal_error' });
    case 'github':
      return githubError(c, status, status === 404 ? 'Not Found' : message);
    case 'hubspot':
      if (status === 429) return hubspotRateLimited(c, 'TEN_SECONDLY_ROLLING');
      return hubspotError(c, status, status < 500 ? 'VALIDATION_ERROR' : 'INTERNAL_ERROR', message);
    case null:
      return jsonAnswer(c, status, { message });
  }
}

export function hubspotRateLimited(c: RequestContext, policyName: 'SECONDLY' | 'TEN_SECONDLY_ROLLING'): Response {
  const limit = policyName === 'SECONDLY' ? 'secondly limit' : 'ten_secondly_rolling limit';
  return hubspotError(c, 429, 'RATE_LIMITS', `You have reached your ${limit}.`, {
    errorType: 'RATE_LIMIT',
    policyName,
    requestId: newId<never>(),
  });
}
