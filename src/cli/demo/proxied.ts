// A thousand calls through the proxy while access tokens keep ending. Calls start at fixed times, whether or not those
// before were answered, as a product's own traffic does; so calls meet every moment of a refresh. A call counts as
// good only if the provider's answer is the record that was asked for.

import { hubspot as hubspotDeclaration } from '../../catalog/providers/hubspot.ts';
import { errorFacts } from '../../core/errors.ts';
import { isJsonObject, parseJson } from '../../core/json.ts';
import { delay, monotonicMs, systemClock } from '../../core/time.ts';
import { whileDrawing } from './backfill.ts';
import { callThroughProxy } from './client.ts';
import { RECORDS_EACH } from './customers.ts';
import { countText, progressLine } from './format.ts';
import type { Screen, Step } from './screen.ts';
import type { Installation } from './setup.ts';
import type { Stage } from './stage.ts';

/**
 * HubSpot counts calls per window; these come when the backfill's have left it, and leave room below the four fifths
 * that calls in the background get: changed records are read next.
 */
const HUBSPOT_WINDOW_MS = Math.max(...hubspotDeclaration.quotas.map(({ windowMs }) => windowMs));

/** Over eleven seconds in all, so that tokens of three seconds end several times. */
const PLANS = {
  salesforce: { calls: 940, intervalMs: 12, firstAfterMs: 0 },
  hubspot: { calls: 60, intervalMs: 12, firstAfterMs: HUBSPOT_WINDOW_MS },
} as const;

const CALLS = PLANS.salesforce.calls + PLANS.hubspot.calls;

export interface ProxyFacts {
  readonly proxied: number;
  readonly proxyMs: number;
  /** How often each thing went wrong. */
  readonly failures: ReadonlyMap<string, number>;
}

class ProxyTally {
  answered = 0;
  readonly failures = new Map<string, number>();

  count(failure: string | null): void {
    this.answered += 1;
    if (failure !== null) this.failures.set(failure, (this.failures.get(failure) ?? 0) + 1);
  }
}

/** Never rejects: what goes wrong is counted. */
export async function proxyCalls(
  stage: Stage,
  installations: readonly Installation[],
  screen: Screen,
  step: Step,
): Promise<ProxyFacts> {
  const startedMs = monotonicMs();
  const tally = new ProxyTally();
  const lines = () => [proxyLine(stage, tally, screen)];
  await whileDrawing(
    () => step.show(lines()),
    (signal) => Promise.all(installations.map((each) => sendAll(stage, each, tally, signal))),
  );
  step.done(lines(), tally.failures.size === 0);
  return { proxied: tally.answered, proxyMs: monotonicMs() - startedMs, failures: tally.failures };
}

async function sendAll(
  stage: Stage,
  installation: Installation,
  tally: ProxyTally,
  signal: AbortSignal,
): Promise<void> {
  const { calls, intervalMs, firstAfterMs } = PLANS[installation.customer.provider];
  const firstMs = monotonicMs() + firstAfterMs;
  const underWay: Promise<void>[] = [];
  for (let index = 0; index < calls && !signal.aborted; index += 1) {
    await delay(systemClock, firstMs + index * intervalMs - monotonicMs(), signal);
    underWay.push(callOnce(stage, installation, index).then((failure) => tally.count(failure)));
  }
  await Promise.all(underWay);
}

/** What went wrong, or null. */
async function callOnce(stage: Stage, installation: Installation, index: number): Promise<string | null> {
  const { customer } = installation;
  const id = customer.recordIdOf(index % RECORDS_EACH);
  try {
    const { status, body } = await callThroughProxy(stage, installation, customer.recordPathOf(id));
    if (status !== 200) return `${customer.providerName} call was answered ${status}`;
    const record = parseJson(body.toString(), 'the record');
    const given = isJsonObject(record) ? (record['id'] ?? record['Id']) : undefined;
    return given === id ? null : `${customer.providerName} call was answered with another record`;
  } catch (error) {
    return `${customer.providerName} call failed: ${errorFacts(error).message}`;
  }
}

function proxyLine({ sandbox }: Stage, { answered, failures }: ProxyTally, screen: Screen): string {
  const failed = failures.values().reduce((sum, count) => sum + count, 0);
  const { refreshes } = sandbox.stats();
  const renewed = `${countText(refreshes)} ${refreshes === 1 ? 'token' : 'tokens'} refreshed`;
  const note = failed === 0 ? renewed : screen.style('red', `${countText(failed)} failed`);
  return progressLine({ label: 'calls', count: answered, total: CALLS, note }, screen.paint);
}
