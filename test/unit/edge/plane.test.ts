import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { IntegrationError } from '../../../src/core/errors.ts';
import {
  assertPlain,
  isProxied,
  MISFRAMED_PATH,
  PROXY_PATH,
  providerPath,
  proxyUrlAt,
  routingPath,
} from '../../../src/edge/plane.ts';

const VERSION = { 'x-amp-proxy-version': '1' };

function onNode(url: string, headers: Record<string, string> = {}, more: object = {}): IncomingMessage {
  const all = { host: 'tenon.example', ...headers };
  const raw = { url, headers: all, rawHeaders: Object.entries(all).flat(), httpVersionMinor: 1, ...more };
  return raw as unknown as IncomingMessage;
}

/** How a request is routed on both kinds of servers, which must agree. */
function routed(url: string, headers: Record<string, string> = {}): string {
  const { host = 'tenon.example', ...rest } = headers;
  const request = new Request(`http://${host}${url}`, { headers: rest });
  const incoming = onNode(url, headers);
  const onWeb = routingPath(request);
  expect(routingPath(request, { env: { incoming } })).toBe(onWeb);
  expect(isProxied(incoming)).toBe(onWeb === PROXY_PATH);
  return onWeb;
}

describe('a request goes to the API', () => {
  it.each([
    ['/health', {}],
    ['/v1/projects/x:y', {}],
    ['/v1/proxy/x', {}],
    ['/proxyx', {}],
    ['/proxy-x/y', {}],
    ['/Proxy/x', {}],
    ['/v1/x', { host: 'api.tenon.example' }],
    ['/v1/x', { host: 'proxy' }],
    ['/v1/x', { host: 'proxy:8080' }],
    ['/v1/x', { host: 'my-proxy.example' }],
    ['/v1/x', { host: 'proxyx.example' }],
    ['/v1/x', { host: 'a.proxy.example' }],
    ['/v1/x', { host: '127.0.0.1:8080' }],
  ])('%s %o', (url, headers) => {
    expect(routed(url, headers)).toBe(url);
  });

  it.each([
    ['/reads/v1/x'],
    ['/read/v2/x'],
    ['/read/v1'],
    ['/read//v1/x'],
    ['/Read/v1/x'],
    ['/x/read/v1/x'],
    ['/v1/read/v1/x'],
  ])('%s as it is, which begins with no plane', (url) => {
    expect(routed(url)).toBe(url);
  });

  it.each([
    ['/read/v1/projects/p/integrations/i/objects/o', '/v1/projects/p/integrations/i/objects/o'],
    ['/write/v1/projects/p/integrations/i/objects/a%2Fb?x=1', '/v1/projects/p/integrations/i/objects/a%2Fb'],
    ['/search/v1/projects/p/integrations/i?groupRef=g', '/v1/projects/p/integrations/i'],
    ['/read/v1/read/v1/x', '/v1/read/v1/x'],
  ])('%s without its plane', (url, path) => {
    expect(routed(url)).toBe(path);
  });

  it('by its path without the query', () => {
    expect(routed('/v1/x?y=/proxy/')).toBe('/v1/x');
  });
});

describe('a request goes to the proxy', () => {
  it.each<[string, Record<string, string>]>([
    ['/health', VERSION],
    ['/v1/projects', { 'x-amp-proxy-version': 'nonsense' }],
    ['/callbacks/v1/oauth', { ...VERSION, host: 'api.tenon.example' }],
    ['/proxy', {}],
    ['/proxy/', {}],
    ['/proxy?x=1', {}],
    ['/proxy/v1/x', {}],
    ['/health', { host: 'proxy.tenon.example' }],
    ['/health', { host: 'PROXY.tenon.example:8080' }],
    ['/v1/x', { host: 'dev-proxy.tenon.example' }],
    ['/v1/x', { host: 'staging-proxy.tenon.example' }],
  ])('%s %o', (url, headers) => {
    expect(routed(url, headers)).toBe(PROXY_PATH);
  });
});

it.each([
  ['/v1/x', 'tenon.example', '/v1/x'],
  ['/proxy', 'tenon.example', '/'],
  ['/proxy?x=1', 'tenon.example', '/?x=1'],
  ['/proxy/', 'tenon.example', '/'],
  ['/proxy//evil.example/%2F?a=1&a=2', undefined, '//evil.example/%2F?a=1&a=2'],
  ['/proxy/proxy/x', '127.0.0.1:8080', '/proxy/x'],
  ['/proxyx', 'tenon.example', '/proxyx'],
  ['/proxy/x', 'proxy.tenon.example', '/proxy/x'],
])('%s at %s is %s for the provider', (target, host, path) => {
  expect(providerPath(target, host)).toBe(path);
});

it.each([
  ['two Hosts', { rawHeaders: ['Host', 'a', 'x', 'y', 'HOST', 'a'] }],
  ['another coding', { headers: { 'transfer-encoding': 'gzip, chunked' } }],
  ['a coding over HTTP/1.0', { headers: { 'transfer-encoding': 'chunked' }, httpVersionMinor: 0 }],
])('%s: the request goes nowhere, whatever it says else', (_what, more) => {
  const incoming = onNode('/', VERSION, more);
  expect(routingPath(new Request('http://a/'), { env: { incoming } })).toBe(MISFRAMED_PATH);
});

describe('a request of node:http that is proxied', () => {
  it.each<[string, string, object]>([
    ['two Hosts', '/', { rawHeaders: ['Host', 'a', 'HOST', 'a'] }],
    ['another coding', '/', { headers: { host: 'a', 'transfer-encoding': 'gzip, chunked' } }],
    ['no Host', '/', { headers: {} }],
    ['an empty Host', '/', { headers: { host: '' } }],
    ['a path in its Host', '/', { headers: { host: 'a/b' } }],
    ['user info in its Host', '/', { headers: { host: 'a@b' } }],
    ['a space in its Host', '/', { headers: { host: 'a b' } }],
    ['two ports', '/', { headers: { host: 'a:1:2' } }],
    ['a backslash in its path', '/\\evil.example', {}],
    ['a backslash before its query', '/x\\y?z', {}],
  ])('is refused with %s', (_what, url, more) => {
    expect(() => assertPlain(onNode(url, VERSION, more))).toThrow(IntegrationError);
  });

  it.each([
    ['/', 'tenon.example'],
    ['/x?y=\\', 'a_b.example:8080'],
    ['/', '127.0.0.1:8080'],
    ['/', '[::1]:8080'],
    ['/', 'TENON.'],
  ])('is taken: %s at %s', (url, host) => {
    expect(() => assertPlain(onNode(url, { ...VERSION, host }))).not.toThrow();
  });
});

describe('the proxy at an origin', () => {
  it.each([
    ['https://tenon.example.com', 'https://tenon.example.com/proxy'],
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080/proxy'],
    ['https://proxy.example.com', 'https://proxy.example.com'],
  ])('%s is %s, and what is under it is proxied', (origin, url) => {
    expect(proxyUrlAt(origin)).toBe(url);
    const { host, pathname } = new URL(`${url}/x`);
    expect(routed(pathname, { host })).toBe(PROXY_PATH);
    expect(providerPath(pathname, host)).toBe('/x');
  });
});

it('a Host that names none is refused, whichever came before it', () => {
  const judge = (host: string | undefined) => () => assertPlain(onNode('/proxy/x', {}, { headers: { host } }));
  for (const host of ['', undefined, 'a b', 'a/b', 'user@a']) {
    for (let round = 0; round < 2; round++) {
      expect(judge('a.example:80')).not.toThrow();
      expect(judge(host)).toThrow(expect.objectContaining({ code: 'bad_request' }));
    }
  }
});
