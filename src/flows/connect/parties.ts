// Groups and consumers that a builder names before they connect. Published once and taken out again; the SDK for Node
// still does it.

import { IntegrationError } from '../../core/errors.ts';
import type { ProjectId } from '../../core/ids.ts';
import { PARTY_NAMES_PER_PROJECT_MAX } from '../../core/limits.ts';
import {
  countPartyNames,
  type PartyKind,
  type PartyNameRow,
  putPartyName,
  readPartyName,
} from '../../store/tables/partyNames.ts';
import type { Services } from '../services.ts';

/** Names it, or names it anew. Rejects with `overloaded` if the project has named too many that never connected. */
export async function nameParty(
  { store, clock }: Services,
  projectId: ProjectId,
  kind: PartyKind,
  party: { readonly ref: string; readonly name: string },
): Promise<PartyNameRow> {
  const nowMs = clock.nowMs();
  const before = readPartyName(store.reads, projectId, kind, party.ref);
  const max = PARTY_NAMES_PER_PROJECT_MAX;
  if (before === undefined && countPartyNames(store.reads, projectId, max) >= max) {
    throw new IntegrationError('overloaded', `the project has named ${max} groups and consumers`);
  }
  const row = { projectId, kind, ...party, updatedAtMs: before === undefined ? null : nowMs };
  await store.commit([putPartyName(row, nowMs)]);
  return { ...row, createdAtMs: before?.createdAtMs ?? nowMs };
}
