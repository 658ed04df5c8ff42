// The page that a customer's popup ends on. It tells its opener what happened, in both dialects that the published
// React library listens for, and says the same in words. Invariant: no secret is in it, because the opener's origin
// is not known and the message goes to whoever opened the popup.

import { createHash } from 'node:crypto';

export type CallbackOutcome =
  | { readonly kind: 'connected'; readonly connectionId: string; readonly providerName: string }
  | { readonly kind: 'failed'; readonly message: string }
  /** A step of several: the opener goes on with what the provider said. */
  | { readonly kind: 'returned'; readonly params: Readonly<Record<string, string>> };

/** The message as the library's current and older listeners read it: `data` must be there in both outcomes. */
function messageOf(outcome: CallbackOutcome): object {
  if (outcome.kind === 'connected') {
    return { eventType: 'AUTHORIZATION_SUCCEEDED', data: { connection: outcome.connectionId } };
  }
  if (outcome.kind === 'returned') return { source: 'ampersand-custom-auth', params: outcome.params };
  return { eventType: 'AUTHORIZATION_FAILED', message: outcome.message, data: { error: outcome.message } };
}

const STYLE = `
:root { color-scheme: light dark; --ink: #16202a; --quiet: #5b6b7a; --paper: #f6f7f9; --card: #fff; --line: #e3e8ee;
  --good: #12805c; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8edf2; --quiet: #9aa8b5; --paper: #11161b; --card: #1a2129;
  --line: #2a343f; --good: #4cc38a; --bad: #ff8a80; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 24px; background: var(--paper);
  color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { width: 100%; max-width: 400px; padding: 40px 32px; text-align: center; background: var(--card);
  border: 1px solid var(--line); border-radius: 16px; }
svg { width: 56px; height: 56px; }
h1 { margin: 16px 0 8px; font-size: 20px; line-height: 1.3; }
p { margin: 0 0 8px; color: var(--quiet); overflow-wrap: anywhere; }
.connected svg, .returned svg { color: var(--good); }
.failed svg { color: var(--bad); }`;

const MARKS = {
  connected: '<path d="M8 12.5l2.8 2.8L16.5 9.5"/>',
  failed: '<path d="M12 7.5v5.5"/><path d="M12 16.4v.1"/>',
  returned: '<path d="M8 12.5l2.8 2.8L16.5 9.5"/>',
} as const;

/** HTML text, and the content security policy that lets exactly its own script and style run. */
export function callbackPage(outcome: CallbackOutcome): { readonly html: string; readonly policy: string } {
  const script = `const message = ${scriptJson(messageOf(outcome))};
if (window.opener) window.opener.postMessage(message, '*');`;
  const title = titleOf(outcome);
  const words = outcome.kind === 'failed' ? [outcome.message] : [];
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main class="${outcome.kind}">
<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round"
stroke-linejoin="round" aria-hidden="true"><circle cx="12" cy="12" r="10"/>${MARKS[outcome.kind]}</svg>
<h1>${escapeHtml(title)}</h1>
${[...words, 'You can close this window.'].map((text) => `<p>${escapeHtml(text)}</p>`).join('\n')}
</main>
<script>${script}</script>
</body>
</html>
`;
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(script)}`,
    `style-src ${hashOf(STYLE)}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return { html, policy };
}

function titleOf(outcome: CallbackOutcome): string {
  if (outcome.kind === 'connected') return `${outcome.providerName} is connected`;
  return outcome.kind === 'returned' ? 'Consent received' : 'Not connected';
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** JSON inside a script element: no text may close the element or start a comment in it. */
function scriptJson(value: object): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function escapeHtml(text: string): string {
  const entities: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
    "'": '&#39;',
  };
  return text.replace(/[&<>"']/g, (c) => entities[c] ?? c);
}
