// Whose limits a call spends: the declared limits of a provider as the keys of one connection. Pure, but for the slot
// that leases keep what they know in.

import type { CallKind, QuotaScope } from '../src/catalog/quotas.ts';
import type { ProviderDeclaration } from '../src/catalog/schema.ts';
import { UNDECLARED_LIMIT, UNDECLARED_WINDOW_MS } from '../src/core/limits.ts';
import { quotasSpent } from '../src/limits/callKinds.ts';
import type { ConnectionRow } from '../src/store/tables/connections.ts';
import type { BudgetKey } from './budgetState.ts';
import { KNOWN, type LeaseTarget } from './lease.ts';
import { isShared } from './sharing.ts';

/**
 * The account at the provider, which connections of a project may share. Its name may be what a project's user typed:
 * outside of the project it means nothing, so that naming another's account neither spends nor blocks its budget.
 */
export function accountOf({
  projectId,
  workspaceRef,
  connectionId,
}: Omit<TargetFacts, 'providerAppId' | 'baseUrl'>): string {
  return workspaceRef === null ? connectionId : `${projectId}/${workspaceRef}`;
}

/** What is known of a connection where its calls are leased. */
export type TargetFacts = Pick<ConnectionRow, 'connectionId' | 'projectId' | 'providerAppId' | 'workspaceRef'> & {
  /** The resolved one; absent where nobody asks for budgets. */
  readonly baseUrl?: string;
};

/**
 * Provider and account that a limit of an external account is counted for. An account with a host of its own is that
 * host, whichever variant of the provider was signed in to and however the account was spelled.
 */
export function limitedAccount(
  { name, variantOf = name, baseUrl: template, isHostOfAccount = false }: ProviderDeclaration,
  facts: Omit<TargetFacts, 'providerAppId'>,
): { readonly provider: string; readonly account: string } {
  const { projectId, baseUrl } = facts;
  // An address that an operator put in another's place may be the same for all.
  const isOwn = isHostOfAccount && template.includes('{{') && baseUrl !== undefined;
  if (!isOwn) return { provider: name, account: accountOf(facts) };
  const { host, pathname } = new URL(baseUrl);
  return { provider: variantOf, account: `${projectId}/${host}${pathname}` };
}

/**
 * Turns the declared limits of a provider into the keys of one connection: for calls of a kind, or of none. `path` is
 * one of the kind's, where each is counted for itself.
 */
export function leaseTarget(
  declaration: ProviderDeclaration,
  facts: TargetFacts,
  kind: CallKind | null = null,
  path = '',
): LeaseTarget {
  const { provider, account } = limitedAccount(declaration, facts);
  // A key that a customer made for themselves is its own application.
  const app = facts.providerAppId ?? facts.connectionId;
  const owner: Readonly<Record<QuotaScope, string>> = {
    providerApp: `${declaration.name}/providerApp/${app}`,
    externalAccount: `${provider}/externalAccount/${account}`,
    appInAccount: `${provider}/appInAccount/${app}/${account}`,
    user: `${declaration.name}/user/${facts.connectionId}`,
    sourceAddress: `${declaration.name}/sourceAddress/here`,
  };
  const keyOf = ({ scope, name }: { scope: QuotaScope; name: string }) => `${owner[scope]}/${name}`;
  const windows = quotasSpent(declaration.quotas, kind).map(({ only, ...quota }): BudgetKey => {
    const key = { ...keyOfCalls(keyOf(quota), only, path), ...quota };
    return isShared(quota.scope, quota.windowMs, facts.providerAppId) ? { ...key, isShared: true } : key;
  });
  const seats = declaration.concurrency.map((limit) => ({ key: keyOf(limit), ...limit, windowMs: 0 }));
  return {
    connectionId: facts.connectionId,
    // Without a provider app every customer has an address or a key of their own, whose failures are theirs alone.
    providerKey: `${declaration.name}/${app}`,
    budgets: [...(windows.length > 0 ? windows : undeclared(declaration, owner.externalAccount)), ...seats],
    [KNOWN]: null,
    ...(kind === null ? {} : { isOfKind: true }),
  };
}

/** Of the calls that a quota counts. The same path with another method is another limit. */
function keyOfCalls(key: string, only: CallKind | undefined, path: string): Pick<BudgetKey, 'key' | 'path'> {
  if (only?.isEach !== true) return { key };
  const { method } = only;
  return method === undefined
    ? { key: `${key}${path}`, path }
    : { key: `${key}/${method}${path}`, path: `${method} ${path}` };
}

/** Calls of which no limit is known have one all the same: they are counted, so that a refusal tells of it. */
function undeclared({ rateHeaders }: ProviderDeclaration, account: string): readonly BudgetKey[] {
  if ((rateHeaders?.family ?? 'generic') !== 'generic') return [];
  const window = { limit: UNDECLARED_LIMIT, windowMs: UNDECLARED_WINDOW_MS, isOptional: true, isGuessed: true };
  return [{ key: `${account}/undeclared`, name: 'undeclared', ...window }];
}
