// The addresses of a published entry that credentials go to, and what their hosts are. Called where entries are
// checked and compared. Invariant: an address of an entry that is not listed here gets no credential.

import type { ProviderInfo } from './providerInfo.ts';

/** An address that appears in an entry where the connector makes the real one, e.g. AWS with a host per service. */
const MADE_BY_CONNECTOR = /<<[A-Z_]+>>/g;

export interface CredentialAddress {
  /** Path of the address in its entry, e.g. `oauth2Opts.tokenURL`. */
  readonly field: string;
  readonly template: string;
}

/** A host that an entry sends credentials to and did not before. `from` is null for an address that is new as well. */
export interface HostChange {
  readonly field: string;
  readonly from: string | null;
  readonly to: string;
}

export function credentialAddresses(info: ProviderInfo): readonly CredentialAddress[] {
  const { baseURL, modules = {}, oauth2Opts, authHealthCheck } = info;
  return [
    { field: 'baseURL', template: baseURL },
    ...Object.entries(modules).map(([name, module]) => ({
      field: `modules.${name}.baseURL`,
      template: module.baseURL,
    })),
    ...(oauth2Opts?.authURL === undefined ? [] : [{ field: 'oauth2Opts.authURL', template: oauth2Opts.authURL }]),
    ...(oauth2Opts === undefined ? [] : [{ field: 'oauth2Opts.tokenURL', template: oauth2Opts.tokenURL }]),
    ...(authHealthCheck === undefined ? [] : [{ field: 'authHealthCheck.url', template: authHealthCheck.url }]),
  ];
}

/**
 * Scheme, host and port of an address template, variables as they are written. Compared as text: which part of a host
 * belongs to one owner is a list that changes (publicsuffix.org), and a report too many costs a look.
 */
export function hostOf(template: string): string {
  return (/^(?:https?:\/\/)?(?:[^/?#{]|\{\{[^}]*\}\})*/i.exec(template)?.[0] ?? '').toLowerCase();
}

/** The address with its marks for the connector filled, so that the rest of it can be checked like any other. */
export function withoutMarks(template: string): string {
  return template.replace(MADE_BY_CONNECTOR, 'x');
}

/** Hosts that `after` sends credentials to and `before` did not, wherever it did. */
export function hostChanges(before: ProviderInfo, after: ProviderInfo): readonly HostChange[] {
  const earlier = new Map(credentialAddresses(before).map(({ field, template }) => [field, hostOf(template)]));
  const known = new Set(earlier.values());
  return credentialAddresses(after)
    .map(({ field, template }) => ({ field, from: earlier.get(field) ?? null, to: hostOf(template) }))
    .filter(({ to }) => !known.has(to));
}
