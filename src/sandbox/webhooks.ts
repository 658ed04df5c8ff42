// Webhooks of the simulated providers: what is changed from outside the API is told to an address, as HubSpot tells it
// (signed, up to a hundred events in a request, again if it is not taken) and as Salesforce's change events come out of
// Amazon EventBridge. Called by `Sandbox.change`. Invariant: requests of one address go one after the other, so that
// events arrive in the order in which they happened.
// Source: https://developers.hubspot.com/docs/api-reference/webhooks-webhooks-v3/guide

import { createHmac } from 'node:crypto';
import type { JsonObject } from '../core/json.ts';
import {
  SANDBOX_WEBHOOK_EVENTS_MAX,
  SANDBOX_WEBHOOK_RETRY_MS,
  SANDBOX_WEBHOOK_TRIES_MAX,
  SANDBOX_WEBHOOKS_WAITING_MAX,
} from '../core/limits.ts';
import { type Clock, delay, type Ms, SECOND_MS, toRfc3339 } from '../core/time.ts';
import { parseAllowList } from '../egress/address.ts';
import { createEgress } from '../egress/egress.ts';
import type { Change } from './changes.ts';
import type { Account } from './context.ts';

/** Who is told of changes. */
export interface WebhookTarget {
  readonly provider: 'hubspot' | 'salesforce';
  /** Absent: of all accounts of the provider, as an app of HubSpot hears of them. */
  readonly account?: string;
  readonly url: string;
  /** What HubSpot signs with: the client secret of the app. */
  readonly secret: string;
  /** How often each webhook comes although it was taken, as providers say that it may; once if absent. */
  readonly times?: number;
}

/** How requests ended. */
export interface WebhookCounts {
  readonly webhooksTaken: number;
  /** Given up after the last try, or because too many waited. */
  readonly webhooksLost: number;
}

const SINGULAR: ReadonlyMap<string, string> = new Map([
  ['contacts', 'contact'],
  ['companies', 'company'],
  ['deals', 'deal'],
  ['tickets', 'ticket'],
]);

export class WebhookSender {
  readonly #clock: Clock;
  readonly #egress = createEgress({ allowList: parseAllowList('0.0.0.0/0,::/0') });
  readonly #closing = new AbortController();
  readonly #targets: WebhookTarget[] = [];
  readonly #queues = new Map<WebhookTarget, Promise<void>>();
  #eventId = 0;
  #waitingCount = 0;
  #taken = 0;
  #lost = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get counts(): WebhookCounts {
    return { webhooksTaken: this.#taken, webhooksLost: this.#lost };
  }

  /** Tells of changes from now on. */
  add(target: WebhookTarget): void {
    this.#targets.push(target);
  }

  /** Sends what a change amounts to, in its own time. */
  tell(account: Account, change: Change, ids: readonly string[], atMs: Ms): void {
    if (ids.length === 0) return;
    for (const target of this.#targets) {
      if (target.provider !== account.provider || (target.account ?? account.name) !== account.name) continue;
      const bodies =
        target.provider === 'hubspot'
          ? this.#hubspotBodies(account, change, ids, atMs)
          : ids.map((id) => this.#changeEvent(account, change, id, atMs));
      for (let before = 0; before < (target.times ?? 1); before += 1) {
        for (const body of bodies) this.#enqueue(target, (attempt) => body(before + attempt));
      }
    }
  }

  /** Resolves when everything that was to be sent has been, or was given up. */
  async sent(): Promise<void> {
    await Promise.all(this.#queues.values());
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.sent();
    await this.#egress.close();
  }

  #enqueue(target: WebhookTarget, body: (attempt: number) => string): void {
    if (this.#waitingCount >= SANDBOX_WEBHOOKS_WAITING_MAX) {
      this.#lost += 1;
      return;
    }
    this.#waitingCount += 1;
    const before = this.#queues.get(target) ?? Promise.resolve();
    this.#queues.set(
      target,
      before.then(() => this.#send(target, body)),
    );
  }

  async #send(target: WebhookTarget, body: (attempt: number) => string): Promise<void> {
    let isTaken = false;
    for (let attempt = 0; attempt < SANDBOX_WEBHOOK_TRIES_MAX && !isTaken && !this.#closing.signal.aborted; attempt++) {
      if (attempt > 0) await delay(this.#clock, attempt * SANDBOX_WEBHOOK_RETRY_MS, this.#closing.signal);
      isTaken = await this.#post(target, body(attempt)).catch(() => false);
    }
    this.#waitingCount -= 1;
    if (isTaken) this.#taken += 1;
    else this.#lost += 1;
  }

  async #post(target: WebhookTarget, body: string): Promise<boolean> {
    const { url } = target;
    const signed = target.provider === 'hubspot' ? hubspotSignature(target, body, this.#clock.nowMs()) : {};
    const { status } = await this.#egress.request({
      ...{ url, method: 'POST', body, headers: { 'content-type': 'application/json', ...signed } },
      ...{ timeoutMs: 5 * SECOND_MS, responseBytesMax: 65_536, signal: this.#closing.signal },
    });
    return status < 300;
  }

  #hubspotBodies(account: Account, change: Change, ids: readonly string[], atMs: Ms) {
    const object = SINGULAR.get(change.object) ?? change.object;
    const facts = { appId: 1, portalId: account.number, occurredAt: atMs, subscriptionId: 1, changeSource: 'CRM_UI' };
    const named = { create: 'creation', modify: 'propertyChange', remove: 'deletion' } as const;
    const changes = change.kind === 'modify' ? Object.entries(change.values ?? {}) : [null];
    const events = ids.flatMap((id) =>
      changes.map(
        (field): JsonObject => ({
          ...{ eventId: ++this.#eventId, objectId: Number(id), subscriptionType: `${object}.${named[change.kind]}` },
          ...facts,
          ...(field === null ? {} : { propertyName: field[0], propertyValue: field[1] ?? null }),
        }),
      ),
    );
    const requests = Array.from({ length: Math.ceil(events.length / SANDBOX_WEBHOOK_EVENTS_MAX) }, (_, index) =>
      events.slice(index * SANDBOX_WEBHOOK_EVENTS_MAX, (index + 1) * SANDBOX_WEBHOOK_EVENTS_MAX),
    );
    return requests.map((part) => (attempt: number) => {
      return JSON.stringify(part.map((event) => ({ ...event, attemptNumber: attempt })));
    });
  }

  #changeEvent(account: Account, change: Change, id: string, atMs: Ms) {
    const eventId = String(++this.#eventId);
    const changedFields = change.kind === 'modify' ? Object.keys(change.values ?? {}) : [];
    const changeType = { create: 'CREATE', modify: 'UPDATE', remove: 'DELETE' }[change.kind];
    const header = {
      ...{ entityName: change.object, recordIds: [id], changeType, changedFields, nulledFields: [] },
      ...{ transactionKey: `sandbox-${eventId}`, sequenceNumber: 1, commitTimestamp: atMs, commitNumber: atMs },
    };
    const payload = { ...(change.kind === 'remove' ? {} : change.values), ChangeEventHeader: header };
    const detail = { payload, schemaId: 'sandbox', id: eventId };
    const body = JSON.stringify({
      ...{ version: '0', id: eventId, 'detail-type': `${change.object}ChangeEvent`, time: toRfc3339(atMs) },
      ...{ source: `aws.partner/salesforce.com/${account.name}/sandbox`, account: '1', region: 'eu-west-1' },
      ...{ resources: [], detail },
    });
    return () => body;
  }
}

function hubspotSignature({ url, secret }: WebhookTarget, body: string, nowMs: Ms): Readonly<Record<string, string>> {
  const signature = createHmac('sha256', secret).update(`POST${url}${body}${nowMs}`).digest('base64');
  return { 'x-hubspot-signature-v3': signature, 'x-hubspot-request-timestamp': String(nowMs) };
}
