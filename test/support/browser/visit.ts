// Customers in a real browser on a builder's site. A visit keeps every answer that the library got from Tenon, every
// complaint of the browser and a picture of each step, and at its end all of them must be in order: answers as
// published and readable from another origin, and no complaint but those that a test announces.

import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Browser,
  type BrowserContext,
  type ConsoleMessage,
  chromium,
  type Page,
  type Request,
} from 'playwright-core';
import { expect } from 'vitest';
import { judge } from '../everyAnswer.ts';

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Fonts and logos of the library lie elsewhere; nothing here may depend on what is not on this machine. Not done by
  // intercepting requests, which would answer the browser's preflights as well.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1',
];
/** Pictures of the last run, for people. */
const PICTURES = '.artifacts/browser';
/** Well above what a slow machine needs for one step. */
const STEP_TIMEOUT_MS = 10_000;

/** Why tests in a browser are skipped; null where there is one. */
export const browserIsMissing: string | null = existsSync(CHROMIUM) ? null : `${CHROMIUM} is not on this machine`;

export function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
}

/** One call of the library, with its answer. */
export interface LibraryCall {
  readonly method: string;
  /** Below `/v1`, with its query. */
  readonly path: string;
  /** As it was sent; null without a body. */
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
  readonly status: number;
  readonly text: string;
}

/** What the library said to the page. */
export interface Told {
  readonly name: string;
  readonly said: readonly unknown[];
}

export interface Shown {
  readonly component: 'ConnectProvider' | 'InstallIntegration';
  /** A token of the customer is asked for unless there is a key. */
  readonly apiKey?: string;
  readonly project: string;
  readonly props: Readonly<Record<string, unknown>>;
}

export interface VisitOptions {
  readonly browser: Browser;
  readonly siteOrigin: string;
  readonly tenonOrigin: string;
  /** Names the folder of the pictures. */
  readonly name: string;
}

export class Visit {
  readonly page: Page;
  /** In the order in which answers came. */
  readonly calls: LibraryCall[] = [];
  readonly #options: VisitOptions;
  readonly #pending: Promise<void>[] = [];
  readonly #complaints: string[] = [];
  readonly #pictures: string;
  #pictureCount = 0;

  constructor(page: Page, options: VisitOptions) {
    this.page = page;
    this.#options = options;
    this.#pictures = join(PICTURES, options.name);
    rmSync(this.#pictures, { recursive: true, force: true });
    mkdirSync(this.#pictures, { recursive: true });
    const context = page.context();
    context.on('request', (request) => this.#pending.push(this.#keep(request).catch(unlessClosed)));
    context.on('requestfailed', (request) => {
      const { errorText = '' } = request.failure() ?? {};
      // A page that is left or closed takes its open requests along.
      if (isHere(request.url()) && errorText !== 'net::ERR_ABORTED')
        this.#complaints.push(`${request.method()} ${request.url()}: ${errorText}`);
    });
    context.on('console', (line) => this.#heard(line));
    context.on('weberror', (failure) => this.#complaints.push(`thrown: ${failure.error().message}`));
  }

  /** Opens the builder's page. */
  async show({ component, apiKey, project, props }: Shown): Promise<void> {
    const options = apiKey === undefined ? { project } : { project, apiKey };
    const show = JSON.stringify({ component, options, props });
    await this.page.goto(`${this.#options.siteOrigin}/?${new URLSearchParams({ show })}`);
  }

  /** A picture of what the customer sees now. */
  async picture(what: string, page: Page = this.page): Promise<void> {
    this.#pictureCount += 1;
    const path = join(this.#pictures, `${String(this.#pictureCount).padStart(2, '0')}-${what}.png`);
    await page.screenshot({ path, fullPage: true });
  }

  /** The window that `opens` opens, loaded. */
  async popup(opens: () => Promise<unknown>): Promise<Page> {
    const [popup] = await Promise.all([this.page.waitForEvent('popup'), opens()]);
    await popup.waitForLoadState();
    return popup;
  }

  /** Presses a button. */
  press(name: string | RegExp): Promise<void> {
    return this.page.getByRole('button', { name }).click();
  }

  /** Resolves once the page shows a text. */
  async see(text: string | RegExp): Promise<void> {
    await this.page.getByText(text).first().waitFor();
  }

  /** What the library told the page, once it told it `name`. */
  async told(name: string): Promise<readonly Told[]> {
    await this.page.waitForFunction(`told.some((one) => one.name === ${JSON.stringify(name)})`);
    return this.page.evaluate<readonly Told[]>('told');
  }

  /** The answer to the call that `does` leads to; `path` is matched with the query. */
  async answered<T>(method: string, path: RegExp, does: () => Promise<T>): Promise<LibraryCall> {
    const before = this.calls.length;
    await Promise.all([
      this.page.waitForResponse((response) => {
        const { pathname, search, origin } = new URL(response.url());
        return (
          origin === this.#options.tenonOrigin &&
          response.request().method() === method &&
          path.test(`${pathname}${search}`)
        );
      }),
      does(),
    ]);
    await this.#settled();
    const call = this.calls.slice(before).find((one) => one.method === method && path.test(one.path));
    if (call === undefined) throw new Error(`${method} ${path} was not kept`);
    return call;
  }

  /** The calls that changed something, in short. */
  async changes(): Promise<readonly string[]> {
    await this.#settled();
    return this.calls.filter(({ method }) => method !== 'GET').map(({ method, path }) => `${method} ${path}`);
  }

  /** Fails unless all that happened was in order. `announced` are complaints of the library that belong to the test. */
  async end(announced: readonly RegExp[] = []): Promise<void> {
    await this.#settled();
    await this.page.context().close();
    const unexpected = this.#complaints.filter((complaint) => !announced.some((known) => known.test(complaint)));
    expect(unexpected).toEqual([]);
    for (const known of announced) expect(this.#complaints).toContainEqual(expect.stringMatching(known));
  }

  /** Waits for every answer that is still to come. */
  async #settled(): Promise<void> {
    while (this.#pending.length > 0) await this.#pending.shift();
  }

  #heard(line: ConsoleMessage): void {
    const { url } = line.location();
    if (line.type() !== 'error' || !isHere(url)) return;
    this.#complaints.push(`said: ${line.text()} (${url})`);
  }

  async #keep(request: Request): Promise<void> {
    const { origin, pathname, search } = new URL(request.url());
    if (origin !== this.#options.tenonOrigin || !pathname.startsWith('/v1/')) return;
    // None to a request that failed, which is a complaint of its own.
    const response = await request.response();
    if (response === null) return;
    const headers = await response.allHeaders();
    // The body of an answer is gone with the page that got it.
    const text = response.status() === 204 ? '' : await response.text().catch(() => null);
    if (text === null) return;
    const method = request.method();
    const status = response.status();
    const path = `${pathname.slice('/v1'.length)}${search}`;
    const sent = await request.allHeaders();
    this.calls.push({ method, path, body: request.postDataJSON() as unknown, headers: sent, status, text });
    const media = headers['content-type']?.split(';')[0] ?? '';
    if (headers['access-control-allow-origin'] !== '*') this.#complaints.push(`${method} ${path}: no CORS`);
    if (sent['x-amp-client'] !== 'react') this.#complaints.push(`${method} ${path}: not the library's`);
    const faults = judge(method, pathname.slice('/v1'.length), { status, media, text });
    this.#complaints.push(...faults.map((fault) => `${method} ${path}: ${fault}`));
  }
}

/** A request that was under way when its page was closed has no answer to look at. */
function unlessClosed(error: unknown): void {
  if (!String(error).includes('has been closed')) throw error;
}

/** Whether an address is one of this machine, where everything is that tests are about. */
function isHere(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === '127.0.0.1' || hostname === 'localhost' || hostname.endsWith('.localhost');
}

/** A customer who has never been here. */
export async function startVisit(options: VisitOptions): Promise<Visit> {
  const context: BrowserContext = await options.browser.newContext({ viewport: { width: 1000, height: 640 } });
  context.setDefaultTimeout(STEP_TIMEOUT_MS);
  return new Visit(await context.newPage(), options);
}
