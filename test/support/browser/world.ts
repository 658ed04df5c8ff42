// What tests in a browser stand on: a Tenon whose providers ask for consent on pages of their own, the builder's site
// with the published library, and a browser.

import type { Browser } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';
import { customerToken, rsaPem, storeKey } from '../credentials.ts';
import { type Published, startTenon, type Tenon, type TenonOptions } from '../tenon.ts';
import { type Site, startSite } from './site.ts';
import { launchBrowser, type Shown, startVisit, type Visit } from './visit.ts';

/** A key in the page, a key that opens nothing, or tokens of the customer. */
export type Mode = 'apiKey' | 'wrongKey' | 'getToken';

export class BrowserWorld {
  readonly tenon: Tenon;
  readonly browser: Browser;
  /** A key that opens what the library needs and nothing else. */
  readonly frontendKey: string;
  readonly #site: Site;

  constructor(tenon: Tenon, browser: Browser, site: Site, frontendKey: string) {
    this.tenon = tenon;
    this.browser = browser;
    this.frontendKey = frontendKey;
    this.#site = site;
  }

  /** An address on the builder's site. */
  at(path: string): string {
    return `${this.#site.origin}${path}`;
  }

  /** A new customer on the builder's page, which identifies itself by `mode`. */
  async visit(shown: Omit<Shown, 'project' | 'apiKey'>, mode: Mode = 'apiKey'): Promise<Visit> {
    const { browser, tenon } = this;
    // Pictures lie under the name of their test, without that of its group.
    const name = (expect.getState().currentTestName ?? '').replace(/^[^>]*> /, '').replace(/\W+/g, '-');
    const visit = await startVisit({ browser, name, siteOrigin: this.#site.origin, tenonOrigin: tenon.origin });
    onTestFinished(() => visit.page.context().close());
    const key = { apiKey: { apiKey: this.frontendKey }, wrongKey: { apiKey: 'tnn_wrong' }, getToken: {} }[mode];
    await visit.show({ ...shown, ...key, project: tenon.projectId });
    return visit;
  }

  /** A connection of a customer who agreed without a browser, to an account of the sandbox on this address. */
  async consented(provider: string, groupRef: string, account: string): Promise<Published> {
    const { tenon } = this;
    const body = new URLSearchParams({ decision: 'allow', account });
    const page = await fetch(await tenon.authorizeUrl(provider, { groupRef }), { method: 'POST', body });
    if (!page.ok) throw new Error(`consent of ${groupRef} ended with ${page.status}: ${await page.text()}`);
    const [made] = await tenon.ok<Published[]>('GET', tenon.inProject(`/connections?groupRef=${groupRef}`));
    return made as Published;
  }

  async stop(): Promise<void> {
    await this.browser.close();
    await this.#site.close();
    await this.tenon.stop();
  }
}

export async function startBrowserWorld(options: TenonOptions = {}): Promise<BrowserWorld> {
  const tenon = await startTenon({ ...options, sandbox: { autoConsent: false, ...options.sandbox } });
  const { kid } = await tenon.ok<{ kid: string }>('POST', tenon.inProject('/jwt-keys'), {
    label: 'site',
    algorithm: 'RS256',
    publicKeyPem: rsaPem,
  });
  const [site, browser, frontendKey] = await Promise.all([
    startSite(tenon.origin, (customer) => customerToken(kid, customer)),
    launchBrowser(),
    storeKey(tenon, { scopes: ['frontend'] }),
  ]);
  return new BrowserWorld(tenon, browser, site, frontendKey);
}
