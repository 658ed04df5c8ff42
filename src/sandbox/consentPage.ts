// The pages a person sees at the simulated provider: consent, and a refusal that must not redirect. Called by the
// OAuth routes. Invariant: every value is escaped by the template, and the pages need no script and load nothing.

import { html, raw } from 'hono/html';
import type { OAuthProvider } from './grants.ts';

export interface Consent {
  readonly provider: OAuthProvider;
  readonly clientId: string;
  readonly scopes: readonly string[];
  readonly account: string;
  /** An org is chosen by its host name, a portal by the person. */
  readonly isAccountFixed: boolean;
}

const PROVIDER_NAMES = { hubspot: 'HubSpot', salesforce: 'Salesforce', slack: 'Slack', github: 'GitHub' } as const;

const STYLE = `
  :root {
    color-scheme: light dark;
    font: 16px/1.5 system-ui, sans-serif;
  }
  body {
    margin: 0;
    min-height: 100vh;
    display: grid;
    place-items: center;
    background: Canvas;
    color: CanvasText;
  }
  main {
    width: min(28rem, calc(100vw - 2rem));
    box-sizing: border-box;
    padding: 2rem;
    border: 1px solid #8886;
    border-radius: 12px;
  }
  h1 {
    font-size: 1.25rem;
    line-height: 1.3;
    margin: 0 0 1rem;
    overflow-wrap: anywhere;
  }
  .note {
    margin: 0 0 1rem;
    font-size: 0.875rem;
    opacity: 0.75;
  }
  label {
    display: grid;
    gap: 0.25rem;
    font-weight: 600;
  }
  input,
  button {
    font: inherit;
    font-weight: 400;
    padding: 0.5rem 0.75rem;
    border: 1px solid #888;
    border-radius: 8px;
  }
  ul {
    padding-left: 1.25rem;
    max-height: 12rem;
    overflow: auto;
  }
  .choices {
    display: flex;
    gap: 0.75rem;
    margin-top: 1.5rem;
  }
  button {
    flex: 1;
    font-weight: 600;
    border-color: #1f5fbf;
    background: #1f5fbf;
    color: #fff;
    cursor: pointer;
  }
  button.quiet {
    background: transparent;
    color: inherit;
    border-color: #888;
  }
  :focus-visible {
    outline: 3px solid #6aa2ff;
    outline-offset: 2px;
  }
`;

export function consentPage(consent: Consent): string {
  const provider = PROVIDER_NAMES[consent.provider];
  const account = consent.isAccountFixed
    ? html`<p>Account <strong>${consent.account}</strong></p>
        <input type="hidden" name="account" value="${consent.account}" />`
    : html`<label
        >Account <input name="account" value="${consent.account}" required maxlength="64" autocomplete="off"
      /></label>`;
  return page(
    `Connect to ${provider}`,
    html`<p class="note">Simulated ${provider}. No real account is involved.</p>
      <h1><code>${consent.clientId}</code> wants to use your ${provider} account</h1>
      <form method="post">
        ${account}
        <p>It asks to be allowed:</p>
        <ul>
          ${consent.scopes.map((scope) => html`<li><code>${scope}</code></li>`)}
        </ul>
        <div class="choices">
          <button name="decision" value="allow">Allow</button>
          <button name="decision" value="deny" class="quiet" formnovalidate>Deny</button>
        </div>
      </form>`,
  );
}

export function refusalPage(message: string): string {
  return page('Cannot connect', html`<h1>Cannot connect</h1><p>${message}</p>`);
}

function page(title: string, content: ReturnType<typeof html>): string {
  return String(html`<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${title}</title>
    <link rel="icon" href="data:," />
    <style>${raw(STYLE)}</style>
  </head>
  <body>
    <main>${content}</main>
  </body>
</html>`);
}
