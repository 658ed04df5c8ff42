// Where the calls of a connection or an installation go: address, provider, limits. Resolving it takes a few reads
// and a template, so the proxy keeps it; any change of an installation, a connection or an integration empties it.

import type { LeaseTarget } from '../../actors/lease.ts';
import { leaseTarget, limitedAccount, type TargetFacts } from '../../actors/leaseTarget.ts';
import type { Catalog } from '../catalog/catalog.ts';
import type { ProviderDeclaration } from '../catalog/schema.ts';
import { resolveTemplate } from '../catalog/template.ts';
import { IntegrationError } from '../core/errors.ts';
import type { InstallationId, ProjectId } from '../core/ids.ts';
import { LEASES_OF_KINDS_CACHED_MAX, PROXY_TARGETS_CACHED_MAX, PROXY_TARGETS_RECENT_MAX } from '../core/limits.ts';
import { isMoveDue } from '../core/lookUp.ts';
import { recentlyUsed } from '../core/recent.ts';
import { type KnownKind, knownKinds, pathCounted } from '../limits/callKinds.ts';
import type { ConfigContent } from '../manifest/config.ts';
import { isProxyEnabled } from '../manifest/effective.ts';
import type { IntegrationSpec } from '../manifest/manifest.ts';
import type { Reads } from '../store/port.ts';
import { type ConnectionRow, readConnection } from '../store/tables/connections.ts';
import { readInstallation, readInstallations, readIntegration, readRevision } from '../store/tables/installations.ts';
import { type ProviderMetadata, variablesIn } from './connect/identity.ts';

/** The provider account behind a connection. */
export interface ProviderTarget {
  readonly declaration: ProviderDeclaration;
  /** Without a trailing slash. */
  readonly baseUrl: string;
  /** Of calls that are of no kind. */
  readonly lease: LeaseTarget;
  /** Some calls spend other budgets; with few providers. */
  readonly hasKinds: boolean;
  /** What leases of kinds are made of. Plain data, as all of a target: edge threads get a copy. */
  readonly facts: TargetFacts;
  /** The account at the provider, which several connections may share with their limits. */
  readonly accountKey: string;
  /** Whose connections share one part of those to an origin: a group of the project. */
  readonly customer: string;
}

/** Leases of calls of a kind, made as calls come, by that of the other calls of the target, kind and path. */
const leasesOfKinds = recentlyUsed<string, LeaseTarget>(LEASES_OF_KINDS_CACHED_MAX);
/** Numbers for leases, never one twice. */
const numbers = new WeakMap<LeaseTarget, number>();
let numbersGiven = 0;

/**
 * The target as a call of this method and address spends its budgets. Not to be asked where there are no kinds: an
 * address costs more to put together than that.
 */
export function targetOfCall<Target extends ProviderTarget>(target: Target, method: string, address: string): Target {
  const { declaration, baseUrl } = target;
  if (!address.startsWith(baseUrl)) return target;
  const rest = address.slice(baseUrl.length);
  for (const known of knownKinds(declaration.quotas)) {
    if (known.kind.method !== undefined && known.kind.method !== method) continue;
    const counted = pathCounted(known, rest);
    if (counted !== undefined) return { ...target, lease: leaseOf(target, known, counted) };
  }
  return target;
}

/** Every budget that some call of a target spends, each once. */
export function budgetsOfTarget(target: ProviderTarget): LeaseTarget['budgets'] {
  const ofKinds = knownKinds(target.declaration.quotas).flatMap((known) =>
    (known.kind.isEach === true ? known.kind.paths : ['']).map((path) => newLeaseOf(target, known, path)),
  );
  const all = [target.lease, ...ofKinds].flatMap(({ budgets }) => budgets);
  return [...new Map(all.map((budget) => [budget.key, budget])).values()];
}

/** `counted`: see pathCounted. */
function leaseOf(target: ProviderTarget, known: KnownKind, counted: string): LeaseTarget {
  const key = `${numberOf(target.lease)} ${known.id} ${counted}`;
  const made = leasesOfKinds.get(key);
  if (made !== undefined) return made;
  const lease = newLeaseOf(target, known, counted);
  leasesOfKinds.set(key, lease);
  return lease;
}

function newLeaseOf({ declaration, facts }: ProviderTarget, { kind }: KnownKind, counted: string): LeaseTarget {
  return leaseTarget(declaration, facts, kind, counted);
}

function numberOf(lease: LeaseTarget): number {
  const given = numbers.get(lease);
  if (given !== undefined) return given;
  numbersGiven += 1;
  numbers.set(lease, numbersGiven);
  return numbersGiven;
}

/** An installation as the proxy needs it. */
export interface ProxyTarget extends ProviderTarget {
  readonly installationId: InstallationId;
  readonly projectId: ProjectId;
  readonly isProxyEnabled: boolean;
  /** Origin and path prefix of the address that proxied paths are appended to. */
  readonly origin: string;
  readonly pathPrefix: string;
  /** Whose call it was, for the log line of each: members of a JSON object, put together once. */
  readonly logMembers: string;
}

/** The template variables of a connection: what was typed or learned, by name. */
export function variablesOf(connection: Pick<ConnectionRow, 'metadata'>): Record<string, string> {
  return variablesIn(JSON.parse(connection.metadata) as ProviderMetadata);
}

export class Targets {
  readonly #reads: Reads;
  readonly #catalog: Catalog;
  readonly #byInstallation = recentlyUsed<string, ProxyTarget>(PROXY_TARGETS_CACHED_MAX);
  /** The ones asked for last, by the end of their ids. */
  readonly #recent = newRecent();
  readonly #byName = recentlyUsed<string, ProxyTarget>(PROXY_TARGETS_CACHED_MAX);

  #onForgotten: () => void = () => {};

  constructor(reads: Reads, catalog: Catalog) {
    this.#reads = reads;
    this.#catalog = catalog;
  }

  /** Calls back whenever targets must be resolved anew, for those who keep them elsewhere. */
  onForgotten(forgotten: () => void): void {
    this.#onForgotten = forgotten;
  }

  /** Rejects with `not_found` for an unknown connection, `bad_request` if a template variable is missing. */
  ofConnection(connectionId: string): ProviderTarget {
    const connection = readConnection(this.#reads, connectionId);
    if (connection === undefined) throw new IntegrationError('not_found', 'no such connection');
    const declaration = this.#catalog.get(connection.provider);
    const baseUrl = resolveTemplate(declaration.baseUrl, variablesOf(connection));
    const { projectId, groupRef, providerAppId, workspaceRef } = connection;
    const facts = { connectionId: connection.connectionId, projectId, providerAppId, workspaceRef, baseUrl };
    const { provider, account } = limitedAccount(declaration, facts);
    return {
      declaration,
      baseUrl,
      lease: leaseTarget(declaration, facts),
      hasKinds: declaration.quotas.some(({ only }) => only !== undefined),
      facts,
      accountKey: `${provider}/${account}`,
      customer: `${projectId}/${groupRef}`,
    };
  }

  /** Rejects with `not_found` unless the installation is the project's. */
  ofInstallation(projectId: ProjectId, installationId: string): ProxyTarget {
    const place = placeOf(installationId);
    let target = this.#recent[place];
    if (target?.installationId !== installationId || isMoveDue()) {
      target = this.#ofInstallation(installationId);
      this.#recent[place] = target;
    }
    if (target.projectId !== projectId) throw new IntegrationError('not_found', 'no such installation');
    return target;
  }

  #ofInstallation(installationId: string): ProxyTarget {
    const known = this.#byInstallation.get(installationId);
    if (known !== undefined) return known;
    const target = this.#resolve(installationId);
    this.#byInstallation.set(installationId, target);
    return target;
  }

  /** Rejects with `not_found`, and with `bad_request` if the group has several installations of the integration. */
  ofGroup(projectId: ProjectId, integrationName: string, groupRef: string): ProxyTarget {
    const key = JSON.stringify([projectId, integrationName, groupRef]);
    let target = this.#byName.get(key);
    if (target === undefined) {
      target = this.#resolve(this.#installationOfGroup(projectId, integrationName, groupRef));
      this.#byName.set(key, target);
    }
    return target;
  }

  /** Something that targets are made of has changed. Changes are rare against calls, so everything goes. */
  forgetAll(): void {
    this.#byInstallation.clear();
    this.#recent.fill(undefined);
    this.#byName.clear();
    this.#onForgotten();
  }

  #installationOfGroup(projectId: ProjectId, integrationName: string, groupRef: string): string {
    const integration = readIntegration(this.#reads, projectId, integrationName);
    if (integration === undefined || integration.name !== integrationName) {
      throw new IntegrationError('not_found', `the project has no integration named "${integrationName}"`);
    }
    const { integrationId } = integration;
    const [only, another] = readInstallations(this.#reads, projectId, { integrationId, groupRef });
    if (only === undefined) {
      throw new IntegrationError('not_found', `group "${groupRef}" has not installed "${integrationName}"`);
    }
    if (another !== undefined) {
      throw new IntegrationError(
        'bad_request',
        `group "${groupRef}" has several installations of "${integrationName}"`,
        {
          remedy: 'Name the installation with x-amp-installation-id.',
        },
      );
    }
    return only.installationId;
  }

  #resolve(named: string): ProxyTarget {
    const installation = readInstallation(this.#reads, named);
    if (installation === undefined) throw new IntegrationError('not_found', 'no such installation');
    const integration = readIntegration(this.#reads, installation.projectId, installation.integrationId);
    const revision = integration === undefined ? undefined : readRevision(this.#reads, integration.revisionId);
    if (revision === undefined) throw new IntegrationError('not_found', 'the integration of this installation is gone');
    const spec = JSON.parse(revision.content) as IntegrationSpec;
    const provider = this.ofConnection(installation.connectionId);
    const address = new URL(this.#proxyAddress(spec, provider, installation.connectionId));
    const { installationId, projectId } = installation;
    const provided = provider.declaration.name;
    return {
      ...provider,
      installationId,
      projectId,
      isProxyEnabled: isProxyEnabled(spec, JSON.parse(installation.config) as ConfigContent),
      origin: address.origin,
      pathPrefix: address.pathname.replace(/\/+$/, ''),
      logMembers: `"projectId":"${projectId}","installationId":"${installationId}","provider":"${provided}"`,
    };
  }

  /** The root of the provider, or with `proxy.useModule` the address of the integration's module. */
  #proxyAddress(spec: IntegrationSpec, provider: ProviderTarget, connectionId: string): string {
    if (spec.proxy?.useModule !== true) return provider.baseUrl;
    const { declaration } = provider;
    const name = (spec.module ?? declaration.defaultModule).toLowerCase();
    const found = Object.entries(declaration.modules).find(([key]) => key.toLowerCase() === name)?.[1];
    if (found === undefined) return provider.baseUrl;
    const connection = readConnection(this.#reads, connectionId);
    return resolveTemplate(found.baseUrl, connection === undefined ? {} : variablesOf(connection));
  }
}

/**
 * An id comes with every call as a new string, which a `Map` hashes and has interned before it looks. Here it is
 * compared with the one id that it may be.
 */
function newRecent(): (ProxyTarget | undefined)[] {
  return new Array<undefined>(PROXY_TARGETS_RECENT_MAX).fill(undefined);
}

/** The last characters of an id are random. */
function placeOf(id: string): number {
  const { length } = id;
  let place = 0;
  for (let index = Math.max(0, length - 4); index < length; index++) place = place * 33 + id.charCodeAt(index);
  return place % PROXY_TARGETS_RECENT_MAX;
}
