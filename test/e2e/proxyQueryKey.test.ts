// A customer's key that a provider takes as a query parameter: it reaches the provider alone, and no caller, although
// providers repeat the query of a call in the links of its answer.

import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTenon, type Tenon } from '../support/tenon.ts';

const KEY = 'k-of/the customer';
const SENT = 'api%20key=k-of%2Fthe%20customer';

describe.each([
  ['through the proxy, one thread', {}],
  ['through the proxy, edge threads', { TENON_WORKERS: '2' }],
  ['to the provider itself', { TENON_PROXY_URL: 'none' }],
])('where links lead %s', (_where, env: Record<string, string>) => {
  let tenon: Tenon;
  let provider: Server;
  let origin: string;
  let id: string;
  const urls: (string | undefined)[] = [];
  const leads = (path: string) => `${env['TENON_PROXY_URL'] === 'none' ? origin : `${tenon.origin}/proxy`}${path}`;

  beforeAll(async () => {
    provider = createServer(({ url = '' }, outgoing) => {
      urls.push(url);
      const query = url.slice(url.indexOf('?') + 1);
      const headers = {
        location: `${origin}/new?${query}`,
        'content-location': `/x?page=2&${query}#top`,
        link: `<${origin}/x?page=2&${query}>; rel="next", <https://other.example/x?${query}>; rel="up"`,
      };
      outgoing.writeHead(301, headers).end();
    }).listen(0, '127.0.0.1');
    await once(provider, 'listening');
    origin = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
    const apiKeyOpts = { attachmentType: 'query', query: { name: 'api key' } };
    tenon = await startTenon({
      env: { TENON_LOG_LEVEL: 'silent', ...env },
      overrides: { stripe: { baseURL: origin, apiKeyOpts } },
    });
    await tenon.deploy(
      'specVersion: 1.0.0\nintegrations:\n  - {name: stripe, provider: stripe, proxy: {enabled: true}}\n',
    );
    const body = { provider: 'stripe', groupRef: 'acme', consumerRef: 'ada', apiKey: KEY };
    await tenon.ok('POST', tenon.inProject('/connections:generate'), body);
    ({ id } = await tenon.install('stripe', { provider: 'stripe' }));
  });

  afterAll(async () => {
    await tenon.stop();
    provider.closeAllConnections();
    provider.close();
  });

  it('they do not show it, and everything else in them is as it was', async () => {
    const { headers } = await tenon.proxy(id, '/x?a=%2f&a=2&&b', { redirect: 'manual' });
    expect(urls.pop()).toBe(`/x?a=%2f&a=2&&b&${SENT}`);
    expect(headers.get('location')).toBe(leads('/new?a=%2f&a=2&&b'));
    const relative = env['TENON_PROXY_URL'] === 'none' ? '' : `${tenon.origin}/proxy`;
    expect(headers.get('content-location')).toBe(`${relative}/x?page=2&a=%2f&a=2&&b#top`);
    expect(headers.get('link')).toBe(
      `<${leads('/x?page=2&a=%2f&a=2&&b')}>; rel="next", <https://other.example/x?a=%2f&a=2&&b>; rel="up"`,
    );
  });

  it('a parameter of the caller with its name, however written, is replaced by it', async () => {
    await tenon.proxy(id, '/x?api+key=mine&a=1&api%20ke%79=k&apikey=2', { redirect: 'manual' });
    expect(urls.pop()).toBe(`/x?a=1&apikey=2&${SENT}`);
    await tenon.proxy(id, '/x?api%20key', { redirect: 'manual' });
    expect(urls.pop()).toBe(`/x?${SENT}`);
  });
});
