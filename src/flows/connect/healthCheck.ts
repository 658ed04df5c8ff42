// Asks a provider whether it takes a credential, where its declaration has a question for that. Asked when a customer
// types a credential, and when calls with it are refused although no other token could help.

import type { ReplayableHandler, Settlement } from '../../../actors/dispatch.ts';
import { CREDENTIAL_PURPOSE } from '../../../actors/tokenManager.ts';
import type { CheckCredentialEffect } from '../../../machines/effects.ts';
import { attachmentOf } from '../../auth/attach.ts';
import { type Credential, parseCredential } from '../../auth/credential.ts';
import type { ProviderDeclaration } from '../../catalog/schema.ts';
import { resolveTemplate, type TemplateVariables } from '../../catalog/template.ts';
import { errorFacts } from '../../core/errors.ts';
import { EFFECT_DEADLINE_MS } from '../../core/limits.ts';
import { readConnectionWithCredential, setConnectionStatus } from '../../store/tables/connections.ts';
import type { Services } from '../services.ts';
import { variablesOf } from '../targets.ts';
import { call } from './account.ts';

/** `unknown`: there is no question (then nothing `isAsked`), or no answer that says it. */
export type Verdict =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'unknown'; readonly isAsked: boolean }
  | { readonly kind: 'refused'; readonly status: number };

/** As published where an entry says nothing. */
const SUCCESS_STATUSES: readonly number[] = [200, 204];

/** Never rejects. Only 401 and 403 speak of the credential; a provider that is down says nothing. */
export async function checkCredential(
  services: Services,
  declaration: ProviderDeclaration,
  credential: Credential,
  variables: TemplateVariables,
): Promise<Verdict> {
  const { authHealthCheck: check } = declaration;
  if (check === undefined) return { kind: 'unknown', isAsked: false };
  try {
    const attachment = attachmentOf(declaration, credential);
    const { status } = await call(services, attachment, check.method ?? 'GET', resolveTemplate(check.url, variables));
    if ((check.successStatusCodes ?? SUCCESS_STATUSES).includes(status)) return { kind: 'accepted' };
    if (status === 401 || status === 403) return { kind: 'refused', status };
  } catch (error) {
    services.log.warn(
      { provider: declaration.name, err: errorFacts(error).message },
      'a credential could not be checked',
    );
  }
  return { kind: 'unknown', isAsked: true };
}

export function checkCredentialHandler(services: Services): ReplayableHandler<CheckCredentialEffect> {
  return {
    kind: 'replayable',
    deadlineMs: EFFECT_DEADLINE_MS,
    perform: (effect) => perform(services, effect),
    failed: () => ({ event: null }),
  };
}

async function perform(services: Services, effect: CheckCredentialEffect): Promise<Settlement> {
  const { store, vault, catalog, clock } = services;
  const { connectionId, generation } = effect;
  const row = readConnectionWithCredential(store.reads, connectionId);
  if (row?.generation !== generation) return { event: null };
  const plain = vault.open(row.sealed, { connectionId, generation, purpose: CREDENTIAL_PURPOSE });
  const declaration = catalog.get(row.provider);
  const credential = parseCredential(plain.toString());
  const verdict = await checkCredential(services, declaration, credential, variablesOf(row));
  if (verdict.kind === 'unknown') return { event: null };
  if (verdict.kind === 'accepted') {
    const writes = [setConnectionStatus(connectionId, generation, 'working', clock.nowMs())];
    return { event: { type: 'credential.worked', generation }, writes };
  }
  const message = `the check of ${declaration.displayName} answered ${verdict.status}`;
  return { event: { type: 'credential.refused', generation, message } };
}
