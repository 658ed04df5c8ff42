// Whom the hour is given to: Tenon's own leases and budgets, and two that are common. Each gets a call and says whether
// it was answered; all give up after the same time.

import { Budgets } from '../../actors/budgets.ts';
import { type Lease, Leases, type LeaseTarget } from '../../actors/lease.ts';
import { leaseTarget } from '../../actors/leaseTarget.ts';
import type { Supervisor } from '../../actors/supervisor.ts';
import type { OpenToken, TokenManager } from '../../actors/tokenManager.ts';
import { createCatalog } from '../../src/catalog/catalog.ts';
import type { ProviderDeclaration } from '../../src/catalog/schema.ts';
import { IntegrationError } from '../../src/core/errors.ts';
import type { ConnectionId, ProjectId } from '../../src/core/ids.ts';
import { silentLog } from '../../src/core/log.ts';
import { SECOND_MS } from '../../src/core/time.ts';
import { tellLimits } from '../../src/flows/limitsTold.ts';
import type { Pattern, PolicyOf } from './hour.ts';
import { MemoryRows } from './rows.ts';

const TOKEN = {
  attachment: { headers: ['Authorization', 'Bearer t'], query: '' },
  generation: 1,
} as unknown as OpenToken;

/** As the product does it; who has a token, and that no circuit is open, is given. */
const tenon: PolicyOf = (pattern, clock) => {
  const budgets = new Budgets(new MemoryRows(), clock, silentLog());
  const tokens = { usableToken: () => TOKEN } as unknown as TokenManager;
  const circuit = { isKept: true };
  const closed = { circuit: () => circuit, heldUntilMs: () => null, admit: () => 'call', report: () => {} };
  const supervisor = closed as unknown as Supervisor;
  const leases = new Leases(tokens, supervisor, budgets, clock);
  const declaration = declarationOf(pattern);
  const targets = new Map<number, LeaseTarget>();
  const targetOf = (installation: number, account: number) => {
    let target = targets.get(installation);
    if (target === undefined) {
      const connectionId = `connection-${installation}` as ConnectionId;
      const facts = { connectionId, projectId: 'project' as ProjectId, providerAppId: 'app' };
      target = leaseTarget(declaration, { ...facts, workspaceRef: `account-${account}` });
      targets.set(installation, target);
    }
    return target;
  };
  return async ({ installation, account, priority, send }) => {
    const target = targetOf(installation, account);
    let lease: Lease;
    try {
      const leased = leases.lease(target, priority);
      lease = leased instanceof Promise ? await leased : leased;
    } catch (error) {
      if (error instanceof IntegrationError) return false;
      throw error;
    }
    const head = await send();
    tellLimits(budgets, { declaration, lease: target }, lease.marks, head, clock.nowMs());
    lease.release();
    return head.status === 200;
  };
};

/** A provider that is declared as the pattern says. */
function declarationOf({ declaredLimit, provider, scope }: Pattern): ProviderDeclaration {
  const { windowMs, tells, lagMs } = provider;
  const lag = lagMs === 0 ? {} : { lagMs };
  const limit = { name: 'window', scope: scope ?? 'externalAccount', windowMs, ...lag } as const;
  return {
    ...createCatalog().get('hubspot'),
    quotas: declaredLimit === null ? [] : [{ ...limit, limit: declaredLimit }],
    concurrency: [],
    rateHeaders: { family: 'generic', quotas: tells === 'numbers' ? { '': 'window' } : {} },
  };
}

/** Sends at once, and after a refusal again: 1, 2, 4, 8 seconds with full jitter, as most clients do. */
const backoff: PolicyOf =
  (_pattern, clock, random) =>
  async ({ deadlineMs, send }) => {
    for (let pauseMs = SECOND_MS; ; pauseMs *= 2) {
      const head = await send();
      if (head.status === 200) return true;
      const againMs = clock.nowMs() + pauseMs * random();
      if (againMs > deadlineMs) return false;
      await new Promise<void>((resolve) => clock.timerAt(againMs, resolve));
    }
  };

/** One bucket per account with the limit that is declared, or a hundred calls a second: first come, first served. */
const bucket: PolicyOf = ({ provider, declaredLimit }, clock) => {
  const { windowMs } = provider;
  const limit = declaredLimit ?? (100 * windowMs) / SECOND_MS;
  const freeAtMs = new Map<number, number>();
  return async ({ account, deadlineMs, send }) => {
    const nowMs = clock.nowMs();
    // The virtual scheduling form of a bucket: the time at which it will be full again.
    const fullAtMs = Math.max(freeAtMs.get(account) ?? nowMs, nowMs) + windowMs / limit;
    const atMs = Math.max(nowMs, fullAtMs - windowMs);
    if (atMs > deadlineMs) return false;
    freeAtMs.set(account, fullAtMs);
    if (atMs > nowMs) await new Promise<void>((resolve) => clock.timerAt(atMs, resolve));
    return (await send()).status === 200;
  };
};

/** By the name that tables show. */
export const POLICIES: Readonly<Record<string, PolicyOf>> = {
  Tenon: tenon,
  'retry with backoff': backoff,
  'token bucket': bucket,
};
