// The popup as a customer sees it, in a real browser: a builder's page on another origin opens the consent page, the
// customer decides, and Tenon's last page tells the builder's page what happened.

import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { JsonObject } from '../../src/core/json.ts';
import { startTenon, type Tenon } from '../support/tenon.ts';

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** Keeps what it is told together with who said it, and opens the popup as the published library does. */
const BUILDER_PAGE = `<!doctype html><title>Builder</title><script>
window.told = [];
addEventListener('message', (event) => told.push({ origin: event.origin, data: event.data }));
function connect(url) { window.popup = open(url, 'OAuthPopup', 'width=600,height=600'); }
</script>`;

const isMissing = !existsSync(CHROMIUM);

describe.skipIf(isMissing)(`the popup${isMissing ? ` (${CHROMIUM} is not on this machine)` : ''}`, () => {
  let tenon: Tenon;
  let builder: Server;
  let browser: Browser;
  let builderUrl = '';

  beforeAll(async () => {
    tenon = await startTenon({ sandbox: { autoConsent: false } });
    await tenon.addProviderApp('hubspot');
    await tenon.addProviderApp('salesforce');
    builder = createServer((_incoming, outgoing) =>
      outgoing.writeHead(200, { 'content-type': 'text/html' }).end(BUILDER_PAGE),
    ).listen(0, '127.0.0.1');
    await once(builder, 'listening');
    builderUrl = `http://127.0.0.1:${(builder.address() as AddressInfo).port}/`;
    browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  });

  afterAll(async () => {
    await browser?.close();
    builder?.closeAllConnections();
    builder?.close();
    await tenon?.stop();
  });

  /** Opens the builder's page, which opens the popup. */
  async function opened(provider: string, workspace?: string): Promise<{ page: Page; popup: Page }> {
    const context: BrowserContext = await browser.newContext();
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.goto(builderUrl);
    const url = await tenon.authorizeUrl(provider, workspace === undefined ? {} : { workspace });
    const [popup] = await Promise.all([page.waitForEvent('popup'), page.evaluate(`connect(${JSON.stringify(url)})`)]);
    await popup.waitForLoadState();
    return { page, popup };
  }

  /** What the builder's page was told, once it was told something. */
  async function toldTo(page: Page): Promise<unknown> {
    await page.waitForFunction('told.length > 0');
    return page.evaluate('told');
  }

  it.each([
    ['hubspot', undefined, 'HubSpot'],
    ['salesforce', 'acme', 'Salesforce'],
  ])('connects a customer who allows it at %s', async (provider, workspace, name) => {
    const { page, popup } = await opened(provider, workspace);
    expect(await popup.title()).toBe(`Connect to ${name}`);
    await popup.getByRole('button', { name: 'Allow' }).click();
    const told = await toldTo(page);
    const [connection] = await tenon.ok<JsonObject[]>('GET', tenon.inProject(`/connections?provider=${provider}`));
    const data = { eventType: 'AUTHORIZATION_SUCCEEDED', data: { connection: connection?.['id'] } };
    expect(told).toEqual([{ origin: tenon.running.services.publicUrl, data }]);
    expect(await popup.getByRole('heading').textContent()).toBe(`${name} is connected`);
    expect(await popup.getByText('You can close this window.').isVisible()).toBe(true);
  });

  it('tells why a customer who says no is not connected', async () => {
    const { page, popup } = await opened('hubspot');
    await popup.getByRole('button', { name: 'Deny' }).click();
    const message = 'The provider did not connect: end-user denied authorization.';
    const data = { eventType: 'AUTHORIZATION_FAILED', message, data: { error: message } };
    expect(await toldTo(page)).toEqual([{ origin: tenon.running.services.publicUrl, data }]);
    expect(await popup.getByRole('heading').textContent()).toBe('Not connected');
    expect(await popup.getByText(message).isVisible()).toBe(true);
  });

  it('lets the builder close it, and keeps its own rules about what may run', async () => {
    const { page, popup } = await opened('hubspot');
    const complaints: string[] = [];
    popup.on('console', (line) => complaints.push(line.text()));
    popup.on('pageerror', (error) => complaints.push(error.message));
    await popup.getByRole('button', { name: 'Allow' }).click();
    await toldTo(page);
    await Promise.all([popup.waitForEvent('close'), page.evaluate('popup.close()')]);
    expect(complaints).toEqual([]);
  });
});
