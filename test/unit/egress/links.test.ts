// Addresses in heads of answers: what must stay as it is, then what leads through the proxy.

import { describe, expect, test } from 'vitest';
import { mapLinks } from '../../../src/egress/links.ts';

const GITHUB = { origin: 'https://api.github.com', pathPrefix: '', proxyUrl: 'https://tenon.example.com/proxy' };
const SLACK = { origin: 'https://slack.com', pathPrefix: '/api', proxyUrl: 'https://tenon.example.com/proxy' };

function located(value: string, map = GITHUB, name = 'Location'): string | undefined {
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

describe('an address leads through the proxy', () => {
  test.each([
    ['https://api.github.com/repositories/1/issues?page=2#x', '/repositories/1/issues?page=2#x'],
    ['HTTPS://API.GitHub.com:443/a%2Fb', '/a%2Fb'],
    ['https://api.github.com', '/'],
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
