import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { callbackPage } from '../../../src/edge/callbackPage.ts';

const scriptOf = (html: string) => /<script>([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '';
const styleOf = (html: string) => /<style>([\s\S]*?)<\/style>/.exec(html)?.[1] ?? '';
const hashOf = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
const messageIn = (html: string): unknown => JSON.parse(/const message = (.*);\n/.exec(html)?.[1] ?? '');

describe('the page that a popup ends on', () => {
  it.each([
    '</script><script>alert(1)</script>',
    '<!--<script>',
    ']]><img src=x onerror=alert(1)>',
    `"'&<>\u2028\u2029`,
  ])('holds hostile words as words: %j', (words) => {
    const { html } = callbackPage({ kind: 'failed', message: words });
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).not.toContain('<img');
    expect(html).not.toContain('<!--');
    expect(scriptOf(html)).not.toMatch(/[<>&\u2028\u2029]/);
    expect(messageIn(html)).toEqual({ eventType: 'AUTHORIZATION_FAILED', message: words, data: { error: words } });
  });

  it('escapes the name of a provider in title and heading', () => {
    const { html } = callbackPage({ kind: 'connected', connectionId: 'c1', providerName: 'A<b>&"B"' });
    expect(html).toContain('<title>A&lt;b&gt;&amp;&quot;B&quot; is connected</title>');
    expect(html).toContain('<h1>A&lt;b&gt;&amp;&quot;B&quot; is connected</h1>');
  });

  it('tells the connection and nothing else', () => {
    const { html } = callbackPage({ kind: 'connected', connectionId: 'c1', providerName: 'HubSpot' });
    expect(messageIn(html)).toEqual({ eventType: 'AUTHORIZATION_SUCCEEDED', data: { connection: 'c1' } });
  });

  it.each([
    { kind: 'connected', connectionId: 'c1', providerName: 'HubSpot' },
    { kind: 'failed', message: 'no' },
  ] as const)('is permitted its own script and style and nothing else: $kind', (outcome) => {
    const { html, policy } = callbackPage(outcome);
    expect(policy.split('; ')).toEqual([
      "default-src 'none'",
      `script-src ${hashOf(scriptOf(html))}`,
      `style-src ${hashOf(styleOf(html))}`,
      "base-uri 'none'",
      "form-action 'none'",
    ]);
  });
});
