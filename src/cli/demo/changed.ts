// Contacts that somebody changes at HubSpot: it tells Tenon by webhooks, signed with the builder's client secret, and
// tells it again, as it says it may. A change is good only if the receiver got it as an event of a subscription, with
// the new value under the builder's name for it, and once. Reads cannot take its place: they say that they are reads.

import { isJsonObject, type JsonObject, jsonAt } from '../../core/json.ts';
import { DEMO_POLL_INTERVAL_MS } from '../../core/limits.ts';
import { delay, monotonicMs, systemClock } from '../../core/time.ts';
import { whileDrawing } from './backfill.ts';
import { clientSecretOf } from './customers.ts';
import { progressLine } from './format.ts';
import type { Screen, Step } from './screen.ts';
import type { Installation } from './setup.ts';
import type { Stage } from './stage.ts';
import { settled } from './state.ts';

/** In a few webhooks of a hundred each, as HubSpot sends them. */
export const CHANGES = 300;

/** How often each webhook comes. */
const TIMES = 2;

/** The sandbox's name of the first HubSpot account that consents. */
const ACCOUNT = 'portal-1';

/** Nobody is called so before. */
export const NEW_SURNAME = 'Road-Runner';

export interface ChangeFacts {
  /** Of the changed contacts. */
  readonly ids: readonly string[];
  readonly changesMs: number;
}

export interface ChangeAudit {
  /** Changed records whose new values never arrived. */
  readonly lost: number;
  /** Entries beyond the first of a record. */
  readonly doubled: number;
}

/** What the receiver was told of changes, by record. */
export class ToldChanges {
  readonly #times = new Map<string, number>();
  readonly #changed = new Set<string>();

  /** Records whose new values arrived. */
  get arrived(): number {
    return this.#changed.size;
  }

  /** To be called once for each message that is new. */
  take({ action, result }: JsonObject): void {
    if (action !== 'subscribe' || !Array.isArray(result)) return;
    for (const entry of result.filter(isJsonObject)) {
      // One that comes without its record has the id beside it.
      const id = jsonAt(entry, 'raw.id') ?? entry['id'];
      if (typeof id !== 'string') continue;
      this.#times.set(id, (this.#times.get(id) ?? 0) + 1);
      if (jsonAt(entry, 'mappedFields.surname') === NEW_SURNAME) this.#changed.add(id);
    }
  }

  audit(ids: readonly string[]): ChangeAudit {
    return {
      lost: ids.filter((id) => !this.#changed.has(id)).length,
      doubled: this.#times.values().reduce((sum, times) => sum + times - 1, 0),
    };
  }
}

/** Rejects only if Tenon cannot be asked; what did not arrive, or came twice, is for the audit. */
export async function changeContacts(
  stage: Stage,
  installations: readonly Installation[],
  screen: Screen,
  step: Step,
): Promise<ChangeFacts> {
  const { sandbox, receiver, toldChanges } = stage;
  subscribeApp(stage, installations);
  const startedMs = monotonicMs();
  const lines = () => [changeLine(stage, screen)];
  const ids = await whileDrawing(
    () => step.show(lines()),
    async (signal) => {
      const values = { lastname: NEW_SURNAME };
      const hubspot = { provider: 'hubspot', account: ACCOUNT, object: 'contacts' } as const;
      const changed = sandbox.change({ kind: 'modify', ...hubspot, count: CHANGES, values });
      await Promise.race([sandbox.webhooksSent(), givenUp(stage, signal)]);
      const complete = receiver.waitFor(() => toldChanges.arrived >= changed.length).then(() => {});
      await Promise.race([complete, settled(stage, installations, signal)]);
      return changed;
    },
  );
  const { lost, doubled } = toldChanges.audit(ids);
  step.done(lines(), lost === 0 && doubled === 0);
  return { ids, changesMs: monotonicMs() - startedMs };
}

/** What a builder enters in the settings of the HubSpot app: the published address of the integration. */
function subscribeApp({ sandbox, server }: Stage, installations: readonly Installation[]): void {
  for (const { customer, projectId, integrationId } of installations) {
    if (customer.provider !== 'hubspot') continue;
    const url = `${server.url}/v1/projects/${projectId}/integrations/${integrationId}`;
    sandbox.sendWebhooks({ provider: 'hubspot', url, secret: clientSecretOf(customer), times: TIMES });
  }
}

/** Asks until a webhook was refused for the last time, or `signal` aborts: the others need not be waited for then. */
async function givenUp({ sandbox }: Stage, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && sandbox.stats().webhooksLost === 0) {
    await delay(systemClock, DEMO_POLL_INTERVAL_MS, signal);
  }
}

function changeLine({ sandbox, toldChanges }: Stage, screen: Screen): string {
  const { webhooksTaken, webhooksLost } = sandbox.stats();
  const note =
    webhooksLost === 0 ? `${webhooksTaken} webhooks taken` : screen.style('red', `${webhooksLost} webhooks not taken`);
  return progressLine({ label: 'changes', count: toldChanges.arrived, total: CHANGES, note }, screen.paint);
}
