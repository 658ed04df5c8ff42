// One page of a read: ask the connector, map the records, cut them into messages, and settle. Records' messages, the
// checkpoint and the counters commit in one transaction with the machine's step, or not at all; so after a crash the
// page is read again and nothing is lost or told twice by us. A position is one account's: where the connection has
// become another account's since, the run begins again there, from as far back as a backfill goes.

import type { ReplayableHandler, Settlement } from '../../../actors/dispatch.ts';
import type { ReadPageEffect } from '../../../machines/effects.ts';
import { connectorOf } from '../../connectors/connectors.ts';
import type { ProviderCall, ReadPage, ReadParams } from '../../connectors/contract.ts';
import { countOutcome, countsOf, PAGE_OUTCOMES } from '../../core/counts.ts';
import { type ErrorFacts, errorFacts, IntegrationError, invariant } from '../../core/errors.ts';
import { newId, type OperationId } from '../../core/ids.ts';
import { EFFECT_DEADLINE_MS, INCREMENTAL_OVERLAP_MS } from '../../core/limits.ts';
import { DAY_MS, type Ms, parseTimestamp } from '../../core/time.ts';
import { agendaOf, type EffectiveRead } from '../../manifest/effective.ts';
import type { Reads } from '../../store/port.ts';
import { type DestinationRow, readDestination } from '../../store/tables/accounts.ts';
import { readConnection } from '../../store/tables/connections.ts';
import {
  type CheckpointRow,
  type InstallationRow,
  putCheckpoint,
  readCheckpoint,
  readInstallation,
} from '../../store/tables/installations.ts';
import { type Appended, isLaneFull, laneRetryAtMs, NOTHING_APPENDED } from '../deliver/append.ts';
import { readBackfillDone, readTriggeredEnded } from '../notify/events.ts';
import { providerCalls } from '../providerCall.ts';
import type { Services } from '../services.ts';
import { setbackOf, tooLate } from '../setback.ts';
import { fieldsOf } from './fields.ts';
import { operationWrites, periodOf } from './operation.ts';
import { outboxOf } from './outbox.ts';
import { readActorId, readsOf, scheduledAtMs } from './reads.ts';

/** Everything a page needs to know, read from tables. */
export interface PageContext {
  readonly effect: ReadPageEffect;
  readonly installation: InstallationRow;
  readonly read: EffectiveRead;
  readonly destination: DestinationRow | null;
  /** As it is before this page; of the run that the effect names. */
  readonly checkpoint: CheckpointRow & { readonly operationId: OperationId };
}

export function readPageHandler(services: Services): ReplayableHandler<ReadPageEffect> {
  return {
    kind: 'replayable',
    deadlineMs: EFFECT_DEADLINE_MS,
    perform: async (effect, signal) => counted(services, effect, await readOnePage(services, effect, signal)),
    failed: (effect, error) => counted(services, effect, pageFailed(services, effect, tooLate(error))),
  };
}

async function readOnePage(services: Services, effect: ReadPageEffect, signal: AbortSignal): Promise<Settlement> {
  const context = contextOf(services, effect);
  if (context === null) return nothingToRead(effect);
  const { destination } = context;
  if (destination !== null && isLaneFull(services, destination.destinationId)) {
    const retryAtMs = laneRetryAtMs(services, effect.deferrals);
    return { event: { type: 'page.deferred', turn: effect.turn, message: 'the destination is behind', retryAtMs } };
  }
  try {
    const { page, saidAtMs } = await fetchPage(services, context, signal);
    return committed(services, asSaid(context, saidAtMs), page);
  } catch (error) {
    const facts = errorFacts(error);
    if (facts.code === 'cursor_gone') return restarted(services, context, facts);
    return pageFailed(services, effect, facts);
  }
}

/** Counts what came of a page, and by whose side. */
function counted(services: Services, effect: ReadPageEffect, settlement: Settlement): Settlement {
  const outcome = outcomeOf(settlement);
  const provider = providerOf(services, effect);
  if (outcome !== null && provider !== null) {
    countOutcome(countsOf(services.counts, provider).pages, PAGE_OUTCOMES, outcome);
  }
  return settlement;
}

function outcomeOf({ event }: Settlement): (typeof PAGE_OUTCOMES)[number] | null {
  if (event?.type === 'page.committed') return event['isLast'] === true ? 'ended' : 'committed';
  const outcome = event?.type.replace('page.', '');
  return PAGE_OUTCOMES.find((known) => known === outcome) ?? null;
}

/** Null if the installation is gone. */
function providerOf({ store }: Services, { installationId }: ReadPageEffect): string | null {
  const installation = readInstallation(store.reads, installationId);
  if (installation === undefined) return null;
  return readConnection(store.reads, installation.connectionId)?.provider ?? null;
}

/** The read as config and manifest say now; null if the installation or the object is gone. */
function currentRead(
  services: Services,
  effect: ReadPageEffect,
): { readonly installation: InstallationRow; readonly read: EffectiveRead } | null {
  const installation = readInstallation(services.store.reads, effect.installationId);
  if (installation === undefined) return null;
  const read = readsOf(services, installation).find(({ objectName }) => objectName === effect.objectName);
  return read === undefined ? null : { installation, read };
}

/** Null if there is nothing to read any more. */
function contextOf(services: Services, effect: ReadPageEffect): PageContext | null {
  const current = currentRead(services, effect);
  if (current === null || current.read.isDisabled) return null;
  const { installation, read } = current;
  const { reads } = services.store;
  const destination =
    read.destination === null ? undefined : readDestination(reads, installation.projectId, read.destination);
  const checkpoint = checkpointOf(services, effect, installation, read);
  return { effect, installation, read, destination: destination ?? null, checkpoint };
}

function checkpointOf(
  { store, clock }: Services,
  effect: ReadPageEffect,
  installation: InstallationRow,
  read: EffectiveRead,
): PageContext['checkpoint'] {
  const actorId = readActorId(effect.installationId, effect.objectName);
  const stored = readCheckpoint(store.reads, actorId);
  const { isOther, standing } = standingOf(store.reads, installation, stored);
  const start = { ...scopeOf(effect, read, clock.nowMs(), installation, standing), cursor: null, recordsRead: 0 };
  if (stored !== undefined && stored.run === effect.run && stored.operationId !== null) {
    invariant(stored.page === effect.page, 'T-3001', `${actorId} asks for page ${effect.page}, ${stored.page} is next`);
    // What is told of the run from now on is of the account that it is about.
    return { ...stored, ...standing, operationId: stored.operationId, ...(isOther ? start : {}) };
  }
  invariant(effect.page === 0, 'T-3002', `${actorId} asks for page ${effect.page} of a run that never began`);
  return {
    actorId,
    installationId: installation.installationId,
    objectName: effect.objectName,
    run: effect.run,
    page: 0,
    operationId: (effect.trigger?.operationId ?? newId()) as OperationId,
    ...start,
    ...standing,
  };
}

/** What outlives a run: how far an account was read, and whose that is. */
type Standing = Pick<CheckpointRow, 'watermarkMs' | 'connectionId' | 'workspaceRef' | 'owesBackfill'>;

/** As it was left, or as it is at the beginning of another account. */
function standingOf(
  reads: Reads,
  { connectionId }: InstallationRow,
  stored: CheckpointRow | undefined,
): { readonly isOther: boolean; readonly standing: Standing } {
  const workspaceRef = readConnection(reads, connectionId)?.workspaceRef ?? null;
  const isOther = stored !== undefined && isOtherAccount(stored, { connectionId, workspaceRef });
  if (isOther || stored === undefined) {
    return { isOther, standing: { watermarkMs: null, connectionId, workspaceRef, owesBackfill: isOther ? 1 : 0 } };
  }
  const { watermarkMs, owesBackfill } = stored;
  const account = { connectionId, workspaceRef: workspaceRef ?? stored.workspaceRef };
  return { isOther, standing: { watermarkMs, ...account, owesBackfill } };
}

/** The provider's name of the account decides: several people of one company may connect, one after the other. */
function isOtherAccount(
  stored: Pick<CheckpointRow, 'connectionId' | 'workspaceRef'>,
  { connectionId, workspaceRef }: Pick<CheckpointRow, 'connectionId' | 'workspaceRef'>,
): boolean {
  if (stored.workspaceRef !== null && workspaceRef !== null) return stored.workspaceRef !== workspaceRef;
  return stored.connectionId !== null && stored.connectionId !== connectionId;
}

/** What a run reads from its beginning. A scheduled one makes up for a backfill that is owed to the account. */
function scopeOf(
  effect: ReadPageEffect,
  read: EffectiveRead,
  nowMs: Ms,
  installation: InstallationRow,
  { watermarkMs, owesBackfill }: Standing,
): Pick<CheckpointRow, 'readType' | 'sinceMs' | 'untilMs'> {
  const isOwed = effect.readType === 'scheduled' && owesBackfill === 1 && agendaOf(read).hasBackfill;
  const readType = isOwed ? 'backfill' : effect.readType;
  return { readType, ...boundsOf({ ...effect, readType }, read, nowMs, incrementalSinceMs(watermarkMs, installation)) };
}

/** What was modified when is to be read; without a beginning everything is. */
function boundsOf(
  { readType, trigger }: ReadPageEffect,
  read: EffectiveRead,
  nowMs: Ms,
  scheduledSinceMs: Ms,
): Pick<CheckpointRow, 'sinceMs' | 'untilMs'> {
  if (trigger == null) {
    return { sinceMs: readType === 'backfill' ? backfillSinceMs(read, nowMs) : scheduledSinceMs, untilMs: nowMs };
  }
  // An end needs a beginning: what is read whole has no upper bound.
  const sinceMs = trigger.sinceMs ?? (trigger.untilMs === null ? null : 0);
  return { sinceMs, untilMs: Math.min(trigger.untilMs ?? nowMs, nowMs) };
}

function backfillSinceMs({ backfill }: EffectiveRead, nowMs: Ms): Ms | null {
  return backfill.kind === 'days' ? nowMs - backfill.days * DAY_MS : null;
}

/** From where the last run ended, a little earlier; without one, from the installation on. */
function incrementalSinceMs(watermarkMs: Ms | null, { createdAtMs }: InstallationRow): Ms {
  return (watermarkMs ?? createdAtMs) - INCREMENTAL_OVERLAP_MS;
}

/**
 * The next run begins where this one ends, and what changed is compared by the provider's clock: where ours is ahead,
 * what it shows later than now by ours would be read by neither. Times that cannot be are not believed.
 */
function asSaid(context: PageContext, saidAtMs: Ms | null): PageContext {
  const { checkpoint } = context;
  const { page, readType, untilMs } = checkpoint;
  if (page > 0 || readType === 'triggered' || untilMs === null || saidAtMs === null) return context;
  const aheadMs = untilMs - saidAtMs;
  return aheadMs > 0 && aheadMs <= DAY_MS ? { ...context, checkpoint: { ...checkpoint, untilMs: saidAtMs } } : context;
}

interface FetchedPage {
  readonly page: ReadPage;
  /** When the provider gave its first answer, by its clock; null where it did not say. */
  readonly saidAtMs: Ms | null;
}

async function fetchPage(services: Services, context: PageContext, signal: AbortSignal): Promise<FetchedPage> {
  const { installation, read, checkpoint } = context;
  const target = services.targets.ofConnection(installation.connectionId);
  const provider = target.declaration.name;
  const connector = connectorOf(services.connectors, target.declaration);
  if (connector === undefined)
    throw new IntegrationError('bad_request', `reading from ${provider} is not supported yet`);
  if (context.destination === null) {
    throw new IntegrationError('bad_request', `the project has no destination named "${read.destination ?? ''}"`);
  }
  const priority = checkpoint.readType === 'backfill' ? 'backfill' : 'read';
  const undated = providerCalls(services, target, priority, signal);
  let firstDate: string | undefined;
  const call: ProviderCall = async (request) => {
    const response = await undated(request);
    firstDate ??= response.headers['date'] ?? '';
    return response;
  };
  const filters = checkpoint.readType === 'backfill' ? read.backfillFilters : read.fieldFilters;
  const params: ReadParams = {
    objectName: read.objectName,
    fields: await fieldsOf(connector, read, call),
    // A full read has no upper bound: what changes meanwhile is read once more by the next run, never missed.
    sinceMs: checkpoint.sinceMs,
    untilMs: checkpoint.sinceMs === null ? null : checkpoint.untilMs,
    filters: filters.map(({ fieldName, value }) => ({ fieldName, value: value ?? '' })),
    cursor: checkpoint.cursor,
  };
  const page = await connector.read(params, call);
  countsOf(services.counts, provider).records += page.rows.length;
  return { page, saidAtMs: parseTimestamp(firstDate ?? '') };
}

function committed(services: Services, context: PageContext, page: ReadPage): Settlement {
  const { effect, checkpoint } = context;
  const nowMs = services.clock.nowMs();
  const isLast = page.nextCursor === null;
  const next: PageContext['checkpoint'] = {
    ...checkpoint,
    page: checkpoint.page + 1,
    cursor: page.nextCursor,
    recordsRead: checkpoint.recordsRead + page.rows.length,
    // The next scheduled run begins where the last one ended, whatever was read on request in between.
    ...(isLast && effect.readType !== 'triggered' ? { watermarkMs: checkpoint.untilMs, owesBackfill: 0 } : {}),
  };
  const outbox = outboxOf(services, context, page.rows);
  const told = isLast ? endTold(services, context) : NOTHING_APPENDED;
  return {
    event: {
      type: 'page.committed',
      turn: effect.turn,
      isLast,
      nextRunAtMs: isLast ? nextRunAtMs(services, effect, nowMs) : null,
    },
    writes: [putCheckpoint(next), ...operationWrites(context, next, isLast, nowMs), ...outbox.writes, ...told.writes],
    messages: [...outbox.messages, ...told.messages],
  };
}

/** Backfills and what was asked for are waited for; of a schedule that was kept nobody hears. */
function endTold(services: Services, { effect, installation, read, checkpoint }: PageContext): Appended {
  const { trigger } = effect;
  const { deliveredName: objectName } = read;
  if (checkpoint.readType === 'backfill') return readBackfillDone(services, installation, objectName);
  if (trigger == null) return NOTHING_APPENDED;
  return readTriggeredEnded(services, installation, { objectName, period: periodOf(trigger), error: null });
}

/** As the config says now and not when the page was begun: a deploy meanwhile has told the machine already. */
function nextRunAtMs(services: Services, effect: ReadPageEffect, nowMs: Ms): Ms | null {
  const current = currentRead(services, effect);
  return current === null ? null : scheduledAtMs(current.read, nowMs);
}

/** The object was taken out of the config while its read was under way: the run ends with what it has. */
function nothingToRead({ turn }: ReadPageEffect): Settlement {
  return { event: { type: 'page.abandoned', turn, message: 'stopped, because the object is no longer read' } };
}

/** The provider has forgotten the position: the run begins again from its start, records may be delivered twice. */
function restarted(services: Services, { effect, checkpoint }: PageContext, error: ErrorFacts): Settlement {
  const { event } = pageFailed(services, effect, error);
  return { event, writes: [putCheckpoint({ ...checkpoint, cursor: null, recordsRead: 0 })] };
}

function pageFailed(services: Services, effect: ReadPageEffect, error: ErrorFacts): Settlement {
  const { kind, retryAtMs } = setbackOf(error, effect, services.clock.nowMs());
  const type = kind === 'failed' ? 'page.failed' : 'page.deferred';
  return { event: { type, turn: effect.turn, message: error.message, retryAtMs } };
}
