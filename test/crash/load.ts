// Real load on one process of Tenon until it is killed: customers come, backfill and go, manifests and destinations
// change, calls are proxied with tokens that live for seconds. A call that fails while nobody has touched the process
// is a finding.

import { delay, systemClock } from '../../src/core/time.ts';
import { type Builder, type Customer, type ProviderName, Refused } from './builder.ts';

/** Customers at a time: beyond it each new one takes the place of another. */
const CUSTOMERS_MAX = 10;
const ONBOARDING_WORKERS = 2;
const PROXY_WORKERS = 4;
const DEPLOY_PAUSE_MS = 120;
const DESTINATION_PAUSE_MS = 20;
const ONBOARDING_PAUSE_MS = 250;
const PROXY_PAUSE_MS = 8;
/** HubSpot allows 110 calls in ten seconds; one in so many calls goes there. */
const HUBSPOT_SHARE = 8;

/** What an installed customer's call may be answered, besides what the provider says. */
const EXPECTED_STATUSES: ReadonlySet<number> = new Set([
  200,
  /** The installation was deleted at that moment. */
  404,
  /** The grant is gone, and the customer has not connected again yet. */
  424,
  /** The budget of the account is spent. */
  429,
]);

export interface LoadCounts {
  readonly proxied: Map<number, number>;
  reconnects: number;
}

export class Load {
  readonly violations: string[] = [];
  readonly counts: LoadCounts = { proxied: new Map(), reconnects: 0 };
  readonly #builder: Builder;
  readonly #roll: (sides: number) => number;
  #customers: Customer[] = [];

  constructor(builder: Builder, roll: (sides: number) => number) {
    this.#builder = builder;
    this.#roll = roll;
  }

  /** Works with these customers until `signal` aborts. Never rejects. */
  async run(customers: readonly Customer[], signal: AbortSignal): Promise<void> {
    this.#customers = [...customers];
    const workers = [
      ...Array.from({ length: ONBOARDING_WORKERS }, () => () => this.#changeCustomers(signal)),
      ...Array.from({ length: PROXY_WORKERS }, () => () => this.#proxy(signal)),
      () => this.#changeDestinations(signal),
      () => this.#deploy(signal),
    ];
    await Promise.all(workers.map((work) => this.#guarded(work, signal)));
  }

  /** Customers whose grant is gone connect again, and those who got as far as connecting install. */
  async repair(customers: readonly Customer[]): Promise<void> {
    for (const customer of customers) {
      if (customer.status === 'bad_credentials') await this.#reconnect(customer);
      if (customer.installationId === null) await this.#builder.install(customer);
    }
  }

  async #reconnect(customer: Customer): Promise<void> {
    try {
      await this.#builder.reconnect(customer);
      this.counts.reconnects += 1;
    } catch (error) {
      // Deleted by another worker at that moment.
      if (!(error instanceof Refused && error.status === 404)) throw error;
    }
  }

  async #guarded(work: () => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await work();
      } catch (error) {
        if (signal.aborted) return;
        const cause = error instanceof Error && error.cause !== undefined ? ` (${String(error.cause)})` : '';
        this.violations.push(`under load: ${String(error)}${cause}`);
        return;
      }
    }
  }

  async #changeCustomers(signal: AbortSignal): Promise<void> {
    const leaving = this.#customers.length >= CUSTOMERS_MAX ? this.#take() : undefined;
    if (leaving !== undefined) await this.#builder.remove(leaving);
    const provider: ProviderName = this.#roll(3) === 0 ? 'hubspot' : 'salesforce';
    const customer = await this.#builder.connect(provider);
    await this.#builder.install(customer);
    const { customers } = await this.#builder.lists();
    const installed = customers.find(({ connectionId }) => connectionId === customer.connectionId);
    if (installed !== undefined) this.#customers.push(installed);
    for (const each of customers.filter(({ status }) => status === 'bad_credentials')) await this.#reconnect(each);
    await delay(systemClock, this.#roll(ONBOARDING_PAUSE_MS), signal);
  }

  /** A random customer, who is left alone by the others from now on. */
  #take(): Customer | undefined {
    const [taken] = this.#customers.splice(this.#roll(this.#customers.length), 1);
    return taken;
  }

  async #proxy(signal: AbortSignal): Promise<void> {
    await delay(systemClock, this.#roll(PROXY_PAUSE_MS), signal);
    const wanted = this.#roll(HUBSPOT_SHARE) === 0 ? 'hubspot' : 'salesforce';
    const candidates = this.#customers.filter(
      ({ provider, installationId }) => provider === wanted && installationId !== null,
    );
    const customer = candidates[this.#roll(Math.max(1, candidates.length))];
    if (customer === undefined) return;
    const status = await this.#builder.proxy(customer, signal);
    this.counts.proxied.set(status, (this.counts.proxied.get(status) ?? 0) + 1);
    if (!EXPECTED_STATUSES.has(status)) this.violations.push(`a proxied call was answered ${status}`);
  }

  async #changeDestinations(signal: AbortSignal): Promise<void> {
    const name = this.#builder.newName('destination');
    const id = await this.#builder.addDestination(name, 'https://example.com/unused');
    await delay(systemClock, this.#roll(DESTINATION_PAUSE_MS), signal);
    // Every other one stays, so that there is more and more to find again.
    if (this.#roll(2) === 0) await this.#builder.removeDestination(id);
  }

  async #deploy(signal: AbortSignal): Promise<void> {
    await delay(systemClock, this.#roll(DEPLOY_PAUSE_MS), signal);
    await this.#builder.deploy();
  }
}
