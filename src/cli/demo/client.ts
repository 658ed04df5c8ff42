// The builder's side of the demo: calls of Tenon's API, calls through its proxy, and a browser without a window that
// follows redirects. Every call goes through an egress that reaches this machine only.

import { IntegrationError } from '../../core/errors.ts';
import { BUFFERED_CALL_TIMEOUT_MS, PAGE_BYTES_MAX } from '../../core/limits.ts';
import type { BufferedResponse } from '../../egress/buffered.ts';
import type { Stage } from './stage.ts';

/** Authorization servers need two: to the consent page and back. */
const REDIRECTS_MAX = 10;

type Reach = Pick<Stage, 'egress' | 'server'>;

function get({ egress }: Pick<Reach, 'egress'>, url: string, headers: Readonly<Record<string, string>>) {
  const limits = { timeoutMs: BUFFERED_CALL_TIMEOUT_MS, responseBytesMax: PAGE_BYTES_MAX };
  return egress.request({ url, method: 'GET', headers, ...limits });
}

/** The JSON of an answer below 300, or its text where it is not JSON. Rejects with what the server said otherwise. */
export async function callApi({ egress, server }: Reach, method: string, path: string, body?: object) {
  const response = await egress.request({
    url: `${server.url}/v1${path}`,
    method,
    headers: { 'x-api-key': server.apiKey, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    timeoutMs: BUFFERED_CALL_TIMEOUT_MS,
    responseBytesMax: PAGE_BYTES_MAX,
  });
  const text = response.body.toString();
  if (response.status >= 300) {
    throw new IntegrationError('bad_request', `${method} ${path} was answered ${response.status}: ${text}`);
  }
  const isJson = response.headers['content-type']?.startsWith('application/json') === true;
  return isJson ? (JSON.parse(text) as unknown) : text;
}

/** Names the installation that a proxied call is made for. */
export function proxyHeaders(apiKey: string, projectId: string, installationId: string): Record<string, string> {
  return {
    'x-api-key': apiKey,
    'x-amp-proxy-version': '1',
    'x-amp-project-id': projectId,
    'x-amp-installation-id': installationId,
  };
}

/** A call of the provider's own API, through Tenon, with the provider's answer. */
export function callThroughProxy(
  reach: Reach,
  installation: { readonly projectId: string; readonly installationId: string },
  path: string,
): Promise<BufferedResponse> {
  const { projectId, installationId } = installation;
  return get(reach, reach.server.url + path, proxyHeaders(reach.server.apiKey, projectId, installationId));
}

/** Opens an address as a browser does, through every redirect. Rejects unless the last page is a good one. */
export async function browse(reach: Pick<Reach, 'egress'>, address: string): Promise<void> {
  let url = address;
  for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects += 1) {
    const { status, headers } = await get(reach, url, { accept: 'text/html' });
    const { location } = headers;
    if (status >= 200 && status < 300) return;
    if (status < 300 || status >= 400 || location === undefined) {
      throw new IntegrationError('bad_request', `the authorization ended with a page of status ${status}`);
    }
    url = new URL(location, url).href;
  }
  throw new IntegrationError('bad_request', `the authorization was redirected more than ${REDIRECTS_MAX} times`);
}
