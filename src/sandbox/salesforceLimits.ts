// Salesforce's limits of an org: calls of a rolling day with a count that is told late, and calls at the same time,
// with refusals in the vendor's words. Mounted by `salesforce.ts`; `sandbox.ts` plays the other apps of an org.
// Source: https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_api_usage.htm

import { createMiddleware } from 'hono/factory';
import type { JsonObject } from '../core/json.ts';
import { DAY_MS, type Ms } from '../core/time.ts';
import { salesforceError } from './answers.ts';
import type { Account, SandboxContext, SandboxEnv } from './context.ts';
import type { RollingWindow } from './rollingWindow.ts';

const EXCEEDED = 'REQUEST_LIMIT_EXCEEDED';

/** The calls of an org, whoever makes them. */
export function dailyWindow(context: SandboxContext, account: Account): RollingWindow {
  return account.window('requests', { limit: context.limits.salesforceRequestsPerDay, windowMs: DAY_MS });
}

/** The body of the limits resource, which is counted at once. */
export function orgLimits(context: SandboxContext, account: Account): JsonObject {
  const window = dailyWindow(context, account);
  return { DailyApiRequests: { Max: window.limit, Remaining: Math.max(0, window.limit - window.used()) } };
}

/** Counts every call of an org, tells the count, and refuses what is beyond its limits. */
export function requestLimits(context: SandboxContext) {
  const told = new WeakMap<Account, { readonly atMs: Ms; readonly used: number }>();
  const running = new WeakMap<Account, number>();
  const usageOf = (account: Account): number => {
    const nowMs = context.clock.nowMs();
    const last = told.get(account);
    if (last !== undefined && nowMs - last.atMs < context.limits.salesforceUsageLagMs) return last.used;
    const used = dailyWindow(context, account).used();
    told.set(account, { atMs: nowMs, used });
    return used;
  };
  return createMiddleware<SandboxEnv>(async (c, next) => {
    const account = c.get('account');
    const window = dailyWindow(context, account);
    const isTaken = window.take();
    c.header('sforce-limit-info', `api-usage=${usageOf(account)}/${window.limit}`);
    const atOnce = context.limits.salesforceRequestsAtOnce ?? Number.POSITIVE_INFINITY;
    const others = running.get(account) ?? 0;
    if (!isTaken || others >= atOnce) {
      context.counts.rateLimited += 1;
      const which = isTaken ? 'ConcurrentRequests (Concurrent API Requests)' : 'TotalRequests';
      return salesforceError(c, 403, EXCEEDED, `${which} Limit exceeded.`);
    }
    running.set(account, others + 1);
    try {
      return await next();
    } finally {
      running.set(account, (running.get(account) ?? 1) - 1);
    }
  });
}
