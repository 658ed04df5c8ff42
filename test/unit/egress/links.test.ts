// Addresses in heads of answers: what must stay as it is, then what leads through the proxy.

import { describe, expect, test } from 'vitest';
import { type LinkMap, mapLinks } from '../../../src/egress/links.ts';

const proxyUrl = 'https://tenon.example.com/proxy';
const GITHUB: LinkMap = { origin: 'https://api.github.com', pathPrefix: '', proxyUrl, credentialQuery: '' };
const SLACK: LinkMap = { ...GITHUB, origin: 'https://slack.com', pathPrefix: '/api' };
const KEYED: LinkMap = { ...SLACK, credentialQuery: 'key=a%26secret%2Fx&dc=us' };

function located(value: string, map: LinkMap = GITHUB, name = 'Location'): string | undefined {
  const headers = ['Content-Type', 'text/plain', name, value];
  mapLinks(headers, map);
  return headers[3];
}

describe('an address stays as it is', () => {
  test.each([
    ['at another host', 'https://codeload.github.com/x'],
    ['at a host that begins alike', 'https://api.github.com.evil.example/x'],
    ['at another port', 'https://api.github.com:8443/x'],
    ['over another scheme', 'http://api.github.com/x'],
    ['with a user', 'https://me@api.github.com/x'],
    ['at another host without a scheme', '//codeload.github.com/x'],
    ['of another kind', 'mailto:x@github.com'],
    ['relative to the path', 'issues?page=2'],
    ['that is none', 'https://['],
    ['that is nothing', ''],
  ])('%s', (_what, value) => {
    expect(located(value)).toBe(value);
  });

  test.each(['https://slack.com/apis/x', 'https://slack.com/x', 'https://slack.com/api/../x', '/x'])(
    'outside of the prefix: %s',
    (value) => {
      expect(located(value, SLACK)).toBe(value);
    },
  );

  test('in headers that are no links', () => {
    const value = 'https://api.github.com/x';
    expect(located(value, GITHUB, 'Origin-Location')).toBe(value);
    expect(located(value, GITHUB, 'Via')).toBe(value);
  });
});

describe('what a credential added to the query', () => {
  const hosts: readonly (readonly [string, LinkMap, string, string])[] = [
    ['through the proxy', KEYED, 'https://slack.com/api', proxyUrl],
    ['outside of the prefix', KEYED, 'https://slack.com', 'https://slack.com'],
    ['relative to the path', KEYED, 'x', 'x'],
    ['as the provider says it', { ...KEYED, proxyUrl: null }, 'https://slack.com/api', 'https://slack.com/api'],
  ];
  describe.each(hosts)('leaves an address %s', (_where, map, from, to) => {
    test.each([
      ['/y?key=a%26secret%2Fx&dc=us', '/y'],
      ['/y?b=%2f&key=a%26secret%2Fx&b=2&&dc=us&c#top', '/y?b=%2f&b=2&&c#top'],
      ['/y?k%65y=other&Key=1&keys=2&dc', '/y?Key=1&keys=2'],
      ["/y?q='%zz'&key=%zz", "/y?q='%zz'"],
      ['/y?#?key=1', '/y?#?key=1'],
    ])('%s', (path, clean) => {
      expect(located(`${from}${path}`, map)).toBe(`${to}${clean}`);
      expect(located(`<${from}${path}>; rel=next`, map, 'link')).toBe(`<${to}${clean}>; rel=next`);
    });
  });

  test('leaves one at another host only with the same value: the name may be that of something else there', () => {
    expect(located('https://a.example/?key=1&key=a%26secret/x&dc=eu', KEYED)).toBe('https://a.example/?key=1&dc=eu');
  });

  test.each(['a&secret/x', 'a%26secret%2Fx', 'a%2526secret%252Fx'])('is told nowhere else: %s', (value) => {
    expect(located(`https://a.example/${value}?to=${value}`, KEYED)).not.toContain('secret');
    expect(located(`</a>; anchor="/${value}"`, KEYED, 'link')).not.toContain('secret');
  });
});

describe('an address leads through the proxy', () => {
  test.each([
    ['https://api.github.com/repositories/1/issues?page=2#x', '/repositories/1/issues?page=2#x'],
    ['HTTPS://API.GitHub.com:443/a%2Fb', '/a%2Fb'],
    ['https://api.github.com', '/'],
    ["https://api.github.com/x?q='%7e'&&a=%2f|#'", "/x?q='%7e'&&a=%2f|#'"],
    ['//api.github.com/x', '/x'],
    ['/x', '/x'],
  ])('%s', (value, path) => {
    expect(located(value)).toBe(`https://tenon.example.com/proxy${path}`);
    expect(located(value, GITHUB, 'content-location')).toBe(`https://tenon.example.com/proxy${path}`);
  });

  test('without the prefix that the proxy adds', () => {
    expect(located('https://slack.com/api/x', SLACK)).toBe('https://tenon.example.com/proxy/x');
    expect(located('https://slack.com/api', SLACK)).toBe('https://tenon.example.com/proxy');
  });

  test.each(['https://api.github.com/../v1/projects', '/%2e%2e/v1/projects', '/a/../../v1/projects'])(
    'and never out of it: %s',
    (value) => {
      expect(located(value)).toBe('https://tenon.example.com/proxy/v1/projects');
    },
  );

  test('where several are linked, each by itself, with their parameters', () => {
    const value =
      '<https://api.github.com/a?page=2>; rel="next", <https://docs.github.com/>; rel="deprecation", ' +
      '</a?page=9>; rel=last';
    expect(located(value, GITHUB, 'link')).toBe(
      '<https://tenon.example.com/proxy/a?page=2>; rel="next", <https://docs.github.com/>; rel="deprecation", ' +
        '<https://tenon.example.com/proxy/a?page=9>; rel=last',
    );
  });
});
