// The section on tokens: how they are had and renewed, what that does to a grant, and what Tenon does about it.

import {
  isAuthorizationCode,
  type ProviderDeclaration,
  type RefreshTokenRotation,
  type TokenFacts,
  tokenFactsOf,
} from '../../src/catalog/schema.ts';
import {
  KEEP_ALIVE_IDLE_SHARE,
  KEEP_ALIVE_JITTER_SHARE,
  KEEP_ALIVE_MS,
  TOKEN_LIFETIME_ASSUMED_MS,
} from '../../src/core/limits.ts';
import { HOUR_MS } from '../../src/core/time.ts';
import { bullet, code, count, link, range, span } from './markdown.ts';
import { COUNTED_PER } from './words.ts';

const ROTATION_PAGE = '../coding-concerns/token-rotation.md';

/** The blocks of the section, without its heading; none where nothing is renewed. */
export function tokenBlocks(declaration: ProviderDeclaration): readonly string[] {
  const tokens = tokenFactsOf(declaration);
  if (tokens === undefined) return [];
  const isGrant = isAuthorizationCode(declaration.auth);
  const lines = [
    ...attached(declaration),
    client(declaration, tokens),
    lifetime(tokens),
    ...(isGrant ? [rotation(tokens), idleness(declaration, tokens)] : [source(declaration)]),
    ...endpoint(tokens),
    ...(isGrant ? ends(tokens) : []),
  ];
  return [lines.map(bullet).join('\n')];
}

function attached({ auth }: ProviderDeclaration): readonly string[] {
  if (auth.scheme !== 'oauth2' || auth.accessTokenHeader === undefined) return [];
  const { name, valuePrefix = '' } = auth.accessTokenHeader;
  return [`The access token is sent as ${code(`${name}: ${valuePrefix}…`)}.`];
}

function client({ auth }: ProviderDeclaration, { clientAuthentication, bodyFormat }: TokenFacts): string {
  const body = bodyFormat === 'json' ? 'JSON' : 'a form';
  const isSigned = auth.scheme === 'custom' && auth.exchange?.kind === 'assertion';
  if (isSigned) return `Token requests are ${body}; the assertion is all that authenticates them.`;
  return clientAuthentication === 'basicHeader'
    ? `Token requests are ${body}, with client id and secret as HTTP Basic.`
    : `Token requests are ${body} with client id and secret in it.`;
}

function lifetime({ lifetimeMs }: TokenFacts): string {
  if (lifetimeMs === 'permanent') {
    return 'Access tokens do not end, unless an answer says so. Where one is refused, only connecting again helps.';
  }
  const assumed = span(lifetimeMs ?? TOKEN_LIFETIME_ASSUMED_MS);
  return lifetimeMs === undefined
    ? `Access tokens live as long as their answer says; where it says nothing they are renewed after ${assumed}.`
    : `Where an answer states no lifetime, access tokens are taken to live ${assumed}.`;
}

const AFTER_LOSS: Readonly<Record<RefreshTokenRotation, string>> = {
  stable: 'When an answer is lost, Tenon asks again.',
  singleUseGrace: 'When an answer is lost, Tenon asks again within seconds, while the old one is still taken.',
  singleUseRevoking:
    'When an answer is lost, Tenon keeps the old access token in use and asks again only when that is about to end ' +
    'or is refused.',
  unknown:
    'Tenon takes it for a token that works once: when an answer is lost, it keeps the old access token in use and ' +
    'asks again only when that is about to end or is refused.',
};

function rotation({ rotation: kind, graceMs, lifetimeMs }: TokenFacts): string {
  const grace = graceMs === undefined ? 'a while' : span(graceMs);
  const what = {
    stable: 'Where there is a refresh token, a refresh leaves it valid.',
    singleUseGrace: `A refresh replaces the refresh token; the old one works for ${grace} longer.`,
    singleUseRevoking: 'A refresh token works once; using it again may end the whole grant.',
    unknown: 'Unknown: nobody documents what a refresh does to the refresh token.',
  }[kind];
  if (lifetimeMs === 'permanent') return 'No refresh token is expected; one that comes nevertheless is used.';
  return `${what} ${AFTER_LOSS[kind]} See ${link('token rotation', ROTATION_PAGE)}.`;
}

function idleness({ auth }: ProviderDeclaration, { idleLifetimeMs, lifetimeMs }: TokenFacts): string {
  const declaredMs =
    auth.scheme === 'oauth2' && auth.keepAliveIntervalHours !== undefined
      ? auth.keepAliveIntervalHours * HOUR_MS
      : undefined;
  const wantedMs =
    declaredMs ?? (idleLifetimeMs === undefined ? KEEP_ALIVE_MS : idleLifetimeMs * KEEP_ALIVE_IDLE_SHARE);
  const often = range(wantedMs * (1 - KEEP_ALIVE_JITTER_SHARE), wantedMs);
  if (lifetimeMs === 'permanent' && idleLifetimeMs === undefined) return 'Nothing has to be kept alive.';
  return idleLifetimeMs === undefined
    ? `How long a grant may idle is unknown; Tenon refreshes an idle one after ${often}.`
    : `A grant that is not used for ${span(idleLifetimeMs)} dies; Tenon refreshes an idle one after ${often}.`;
}

function source({ auth }: ProviderDeclaration): string {
  const isSigned = auth.scheme === 'custom' && auth.exchange?.kind === 'assertion';
  const isConsent = auth.scheme === 'custom' && auth.exchange?.kind === 'consent';
  const how = isSigned
    ? 'by signing a new assertion'
    : isConsent
      ? "with the provider app's client, at the tenant's endpoint"
      : 'with what the customer gave';
  return `The next token is had ${how}. No refresh token is needed, none can be lost, nothing has to be kept alive.`;
}

function endpoint({ endpointQuota, refreshUrl, hiddenErrors = [] }: TokenFacts): readonly string[] {
  const lines: string[] = [];
  if (refreshUrl !== undefined) lines.push(`Refreshed at an address of its own: ${code(refreshUrl)}`);
  if (endpointQuota !== undefined) {
    const { limit, windowMs, scope } = endpointQuota;
    lines.push(
      `The token endpoint takes ${count(limit)} request${limit === 1 ? '' : 's'} in ${span(windowMs)} per ` +
        `${COUNTED_PER[scope]}; failures count. Renewals keep to it.`,
    );
  }
  for (const { path, equals } of hiddenErrors) {
    const sign = equals === undefined ? `has ${code(path)}` : `has ${code(path)} ${code(JSON.stringify(equals))}`;
    lines.push(`An answer with status 200 that ${sign} is a failure and is treated as one.`);
  }
  return lines;
}

function ends({ revocationUrl, grantsPerAccountMax }: TokenFacts): readonly string[] {
  const lines = [
    revocationUrl === undefined
      ? 'Deleting a connection deletes its tokens here; no address to give the grant back is known.'
      : `Deleting a connection gives the grant back at ${code(revocationUrl)}`,
  ];
  if (grantsPerAccountMax !== undefined) {
    lines.push(
      `One account may have ${count(grantsPerAccountMax)} grants with one app; a further one silently ends the oldest.`,
    );
  }
  return lines;
}
