// Asks a provider what is left of its quotas, where its declaration says how: before the first background call, after a
// pause, and now and then while such calls are made. So a backfill does not begin by spending what others need, and one
// that stopped at its share goes on when the provider has room and not only when our count says so.

import type { Budgets } from '../../actors/budgets.ts';
import type { QuotaProbe } from '../catalog/quotas.ts';
import type { ProviderRequest } from '../connectors/contract.ts';
import { errorFacts, IntegrationError } from '../core/errors.ts';
import { jsonAt, jsonOrNull } from '../core/json.ts';
import type { Log } from '../core/log.ts';
import type { Clock } from '../core/time.ts';
import type { BufferedResponse } from '../egress/buffered.ts';
import { type CallPriority, isBackground } from '../limits/fairQueue.ts';
import type { ProviderTarget } from './targets.ts';

interface ProbeServices {
  readonly budgets: Budgets;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Asks with `ask` if it is time to. Who comes meanwhile does not wait for the answer: at most as many calls as may be
 * made at the same time. A failure is no reason not to make the call: that one will show what is wrong.
 */
export async function probeIfDue(
  { budgets, clock, log }: ProbeServices,
  { declaration, lease }: ProviderTarget,
  priority: CallPriority,
  ask: (request: ProviderRequest) => Promise<BufferedResponse>,
): Promise<void> {
  const probe = declaration.quotaProbe;
  if (probe === undefined || !isBackground(priority)) return;
  const nowMs = clock.nowMs();
  const keys = lease.budgets.filter(({ name }) => probe.quotas.some((quota) => quota.name === name));
  if (!keys.some((key) => budgets.probeAtMs(key, probe.everyMs) <= nowMs)) return;
  for (const key of keys) budgets.probing(key);
  try {
    const response = await ask({ method: 'GET', path: probe.path });
    if (response.status === 200) learnFrom(budgets, lease.budgets, probe, response);
  } catch (error) {
    log.warn({ provider: declaration.name, err: errorFacts(error).message }, 'the quotas could not be asked for');
  }
}

function learnFrom(
  budgets: Budgets,
  keys: ProviderTarget['lease']['budgets'],
  { quotas }: QuotaProbe,
  response: BufferedResponse,
): void {
  const body = jsonOrNull(response.body.toString());
  for (const { name, limitPath, remainingPath } of quotas) {
    const [limit, remaining] = [jsonAt(body, limitPath), jsonAt(body, remainingPath)];
    if (!isCount(limit) || !isCount(remaining) || limit === 0) continue;
    budgets.learn(keys, null, name, { limit, remaining });
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

/** A budget that is spent is looked at again when its provider is asked next, which may be sooner than it has room. */
export function soonerByProbe(
  { budgets }: Pick<ProbeServices, 'budgets'>,
  { declaration, lease }: ProviderTarget,
  priority: CallPriority,
  error: unknown,
): unknown {
  const probe = declaration.quotaProbe;
  if (probe === undefined || !isBackground(priority)) return error;
  if (!(error instanceof IntegrationError) || error.code !== 'budget_exhausted') return error;
  const probesAtMs = lease.budgets
    .filter(({ name }) => probe.quotas.some((quota) => quota.name === name))
    .map((key) => budgets.probeAtMs(key, probe.everyMs));
  const retryAtMs = Math.min(error.retryAtMs ?? Number.POSITIVE_INFINITY, ...probesAtMs);
  return retryAtMs === Number.POSITIVE_INFINITY
    ? error
    : new IntegrationError(error.code, error.message, { retryAtMs });
}
