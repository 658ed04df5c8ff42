// A grant that another system holds becomes a connection: what works is stored, what does not is refused. Each is
// proven before anybody relies on it: by the provider's own check, or by one renewal, for what has no check or has
// ended. Invariant: a customer who is connected stays as they are, so that an import may be run again, and a refresh
// token that was used since is never put back.

import { isAuthorizationCode, type ProviderDeclaration } from '../../catalog/schema.ts';
import { errorFacts, IntegrationError } from '../../core/errors.ts';
import type { ProjectId } from '../../core/ids.ts';
import { readProviderApps } from '../../store/tables/accounts.ts';
import { readConnections } from '../../store/tables/connections.ts';
import type { Services } from '../services.ts';
import {
  type PreparedConnection,
  prepareConnection,
  refusedCredential,
  storePrepared,
  type TypedCredential,
} from './generate.ts';
import { type ConnectIdentity, learnedVariables, missingOf } from './identity.ts';

export interface GrantOptions {
  /** The client that the tokens are of, by its id here or at the provider; the project's default if absent. */
  readonly providerApp?: string | undefined;
  /** Nothing is stored, and nothing is spent: a grant that only a renewal could prove is taken for good. */
  readonly isDryRun: boolean;
}

export interface ImportedGrant {
  /** `present`: the customer was connected before. `valid`: it would be imported. */
  readonly outcome: 'imported' | 'present' | 'valid';
  /** Null for what is only `valid`. */
  readonly connectionId: string | null;
  /** How it was proven; `none` where the provider has no check and there is nothing to renew, or in a dry run. */
  readonly proof: 'check' | 'renewal' | 'none';
}

/**
 * Rejects as `generateConnection`; with `provider_5xx` if the provider could not be asked, and then the same grant may
 * be brought again. What is rejected leaves nothing behind, except a grant whose only proof is a renewal that got no
 * answer: it is stored, and the renewal goes on.
 */
export async function importGrant(
  services: Services,
  identity: ConnectIdentity,
  typed: TypedCredential,
  { providerApp, isDryRun }: GrantOptions,
): Promise<ImportedGrant> {
  const { catalog, store, clock } = services;
  const declaration = catalog.get(identity.provider);
  const [existing] = readConnections(store.reads, identity.projectId, identity);
  if (existing !== undefined && existing.status !== 'bad_credentials') {
    return { outcome: 'present', connectionId: existing.connectionId, proof: 'none' };
  }
  const target = { providerAppId: appOf(services, identity, providerApp) };
  const renewable = asRenewable(declaration, identity, typed);
  const isEnded =
    (typed.oauth2AuthorizationCode?.accessToken?.expiresAtMs ?? Number.POSITIVE_INFINITY) <= clock.nowMs();
  const isUnchecked = declaration.authHealthCheck === undefined;
  const isRenewedAtOnce = renewable !== null && (isEnded || isUnchecked);
  const first = await prepareConnection(services, identity, isRenewedAtOnce ? renewable : typed, target);
  // Its access token has ended, and nobody said when.
  const isRetried = first.verdict?.kind === 'refused' && renewable !== null && !isRenewedAtOnce;
  const prepared = isRetried ? await prepareConnection(services, identity, renewable, target) : first;
  assertProven(declaration, prepared);
  const proof = proofOf(prepared, isDryRun);
  if (isDryRun) return { outcome: 'valid', connectionId: null, proof };
  try {
    const onlyOver = { generation: existing?.generation ?? 0 };
    const { connectionId } = await storePrepared(services, identity, prepared, { onlyOver });
    return { outcome: 'imported', connectionId, proof };
  } catch (error) {
    const [now] = readConnections(store.reads, identity.projectId, identity);
    const isLate = errorFacts(error).code === 'conflict' && now !== undefined;
    // The customer connected while the provider was asked: what they have now is newer.
    if (isLate) return { outcome: 'present', connectionId: now.connectionId, proof: 'none' };
    throw error;
  }
}

/** The grant without its access token, where a renewal is possible before anything was learned with one; else null. */
function asRenewable(
  declaration: ProviderDeclaration,
  { metadata }: ConnectIdentity,
  typed: TypedCredential,
): TypedCredential | null {
  const { auth } = declaration;
  const grant = typed.oauth2AuthorizationCode;
  if (auth.scheme !== 'oauth2' || !isAuthorizationCode(auth) || grant?.refreshToken === undefined) return null;
  if (missingOf(declaration, learnedVariables(declaration), metadata) !== undefined) return null;
  const { refreshToken, scopes } = grant;
  return { oauth2AuthorizationCode: { refreshToken, ...(scopes === undefined ? {} : { scopes }) } };
}

function assertProven(declaration: ProviderDeclaration, { verdict }: PreparedConnection): void {
  if (verdict?.kind === 'refused') throw refusedCredential(declaration, verdict.status);
  if (verdict?.kind !== 'unknown' || !verdict.isAsked) return;
  throw new IntegrationError('provider_5xx', `${declaration.displayName} did not say whether it takes the credential`, {
    remedy: 'Run the import again: what is there already stays as it is.',
  });
}

function proofOf({ verdict, acquired }: PreparedConnection, isDryRun: boolean): ImportedGrant['proof'] {
  if (verdict === null) return isDryRun ? 'none' : 'renewal';
  if (verdict.kind === 'accepted') return 'check';
  // A client's own credentials were just exchanged for a token.
  const { credential } = acquired;
  return credential.scheme === 'oauth2' && credential.source !== undefined ? 'renewal' : 'none';
}

function appOf(
  { store }: Services,
  { projectId, provider }: { readonly projectId: ProjectId; readonly provider: string },
  named: string | undefined,
): string | undefined {
  if (named === undefined) return undefined;
  const apps = readProviderApps(store.reads, projectId).filter((app) => app.provider === provider);
  const found = apps.find((app) => app.providerAppId === named || app.clientId === named);
  if (found !== undefined) return found.providerAppId;
  throw new IntegrationError('bad_request', `the project has no provider app "${named}" for ${provider}`, {
    remedy: 'Register it: tenon provider-apps create.',
  });
}
