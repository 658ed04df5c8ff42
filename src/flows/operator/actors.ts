// One actor as an operator looks at it: where it stands, what it has asked for, what was set aside and how it came
// there; and its replay, which shows that the stored state is what its events lead to.

import { type Difference, type Replay, replay, stateNameOf } from '../../../actors/replay.ts';
import { MACHINES } from '../../../actors/runtime.ts';
import { IntegrationError } from '../../core/errors.ts';
import { type ActorId, actorIdOf, keyOf, machineOf } from '../../core/ids.ts';
import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { OPERATOR_IDS_COMPARED_MAX, OPERATOR_LIST_MAX } from '../../core/limits.ts';
import { nearNames } from '../../core/nearNames.ts';
import { type Ms, toRfc3339 } from '../../core/time.ts';
import { readConnection, readHeldConnectionIds } from '../../store/tables/connections.ts';
import { type EffectRow, readEffectsFor } from '../../store/tables/effects.ts';
import { readCheckpointsOf, readInstallation } from '../../store/tables/installations.ts';
import { type QuarantinedRow, readQuarantined } from '../../store/tables/quarantine.ts';
import { readSnapshot, readSnapshotsLike, type SnapshotRow } from '../../store/tables/snapshots.ts';
import { schemaWatchActorId } from '../schemaWatch/schedule.ts';
import type { Look } from './look.ts';
import { definitionOf, enteredAt, historyOf, type PastStep, pastOf, pastStep } from './past.ts';

/** Times are RFC 3339; those inside `context` and `details` are as the machine has them. */
export interface ActorView {
  readonly actorId: string;
  readonly machine: string;
  /** Dotted, e.g. `present.active`; null if it has ended, or never came to one; `unreadable` if nobody can tell. */
  readonly state: string | null;
  readonly since: string | null;
  /** The history does not reach further back. */
  readonly isSinceAtLeast: boolean;
  readonly revision: number;
  readonly schemaVersion: number;
  readonly wakeAt: string | null;
  readonly pausedReason: string | null;
  readonly pausedAt: string | null;
  readonly context: JsonObject;
  /** What it asked for and what is to be told to it, in the order it was asked for; the first ones. */
  readonly pending: readonly PendingView[];
  readonly setAside: readonly SetAsideView[];
  /** Its last events, the latest last. */
  readonly events: readonly EventView[];
  /** Actors that it works with. */
  readonly related: readonly string[];
}

interface PendingView {
  readonly effectId: string;
  readonly type: string;
  /** Who sent it, where it is a message of another actor. */
  readonly from: string | null;
  /** Its first byte may have been sent. */
  readonly isAttempted: boolean;
  /** An answer is there and waits to be taken in. */
  readonly hasAnswer: boolean;
  readonly details: JsonObject;
}

export interface SetAsideView {
  readonly seq: number;
  readonly at: string;
  readonly type: string;
  readonly error: string;
  /** What it answers, or the message that carries it; null for an alarm and for the event of a caller. */
  readonly effectId: string | null;
  readonly details: JsonObject;
}

export interface EventView {
  readonly revision: number;
  readonly at: string;
  readonly type: string;
  readonly details: JsonObject;
  /** After the event. */
  readonly state: string;
  readonly effects: readonly string[];
}

/** The run of an actor's history, and whether it ends in what is stored. */
export interface ReplayView {
  readonly actorId: string;
  /** The stored one. */
  readonly revision: number;
  readonly steps: readonly EventView[];
  /** `failed`: a state that cannot be read or an event that cannot be handled, as `message` says. */
  readonly kind: Replay['kind'];
  readonly differences: readonly Difference[];
  readonly message: string | null;
}

/** Rejects with `not_found`, naming near ids. An id without a machine is looked for among all of them. */
export function showActor(look: Look, id: string): ActorView {
  const row = snapshotOf(look, id);
  const { actorId, wakeAtMs, pausedReason, pausedAtMs, revision, schemaVersion } = row;
  const { state, context } = storedOf(row.state);
  const past = pastOf(look, row);
  const since = enteredAt({ state, past: () => past });
  return {
    actorId,
    machine: machineOf(actorId),
    state,
    since: timeOrNull(since.atMs),
    isSinceAtLeast: since.isAtLeast,
    revision,
    schemaVersion,
    wakeAt: timeOrNull(wakeAtMs),
    pausedReason,
    pausedAt: timeOrNull(pausedAtMs),
    context,
    pending: readEffectsFor(look.store.reads, actorId, OPERATOR_LIST_MAX).map(pendingView),
    setAside: readQuarantined(look.store.reads, actorId).slice(0, OPERATOR_LIST_MAX).map(setAsideView),
    events: past.steps.map(eventView),
    related: relatedTo(look, actorId),
  };
}

/** As it was written, also where this version would not take it up: an operator should see what there is. */
function storedOf(text: string): Pick<ActorView, 'state' | 'context'> {
  if (text === '') return { state: null, context: {} };
  let stored: unknown;
  try {
    stored = JSON.parse(text);
  } catch {
    stored = null;
  }
  const { value, context } = isJsonObject(stored) ? stored : {};
  return {
    state: value === undefined ? 'unreadable' : stateNameOf(value),
    context: isJsonObject(context) ? context : {},
  };
}

/** Runs the history again. Rejects as `showActor`, and with `snapshot_unreadable` for what this version cannot read. */
export function replayActor(look: Look, id: string): ReplayView {
  const row = snapshotOf(look, id);
  const { actorId, revision } = row;
  const definition = definitionOf(actorId);
  const history = historyOf(look.store.reads, actorId);
  if (definition === undefined || history.length === 0) {
    const lacks = definition === undefined ? 'has no machine for' : 'cannot read the history of';
    throw new IntegrationError('snapshot_unreadable', `this version ${lacks} ${actorId}`);
  }
  const run = replay(definition, history, row);
  return {
    actorId,
    revision,
    steps: run.steps.map((step) => eventView(pastStep(step))),
    kind: run.kind,
    differences: run.kind === 'diverged' ? run.differences : [],
    message: run.kind === 'failed' ? run.message : null,
  };
}

/** The stored actor that `id` names. Rejects with `not_found`, naming near ids. */
export function snapshotOf(look: Look, id: string): SnapshotRow {
  const { reads } = look.store;
  const candidates = id.includes(':') ? [id as ActorId] : MACHINES.map(({ name }) => actorIdOf(name, id));
  for (const actorId of candidates) {
    const row = readSnapshot(reads, actorId);
    if (row !== undefined) return row;
  }
  throw unknownActor(look, id);
}

/** Says which ids begin alike or are spelled alike; looks at a bounded number of them. */
export function unknownActor(look: Look, id: string): IntegrationError {
  const near = nearIds(look, id.includes(':') ? id : `installation:${id}`);
  const remedy = near.length === 0 ? {} : { remedy: `Did you mean ${near.join(' or ')}?` };
  return new IntegrationError('not_found', `there is no actor ${id}`, remedy);
}

const NEAR_IDS_MAX = 3;
/** Characters of the key that a mistyped id is taken to have right: mistakes are rarer at the beginning. */
const KEY_CHARS_TRUSTED = 3;

function nearIds({ store }: Look, id: string): readonly string[] {
  const machine = machineOf(id as ActorId);
  const known = MACHINES.map(({ name }) => name);
  if (!known.some((name) => name === machine)) {
    return nearNames(machine, known, 1).map((name) => actorIdOf(name, keyOf(id as ActorId)));
  }
  const like = (prefix: string) =>
    readSnapshotsLike(store.reads, prefix, '', OPERATOR_IDS_COMPARED_MAX).map(({ actorId }) => actorId);
  const beginAlike = like(id);
  if (beginAlike.length > 0) return beginAlike.slice(0, NEAR_IDS_MAX);
  const trusted = nearNames(id, like(id.slice(0, machine.length + 1 + KEY_CHARS_TRUSTED)), NEAR_IDS_MAX);
  return trusted.length > 0 ? trusted : nearNames(id, like(`${machine}:`), NEAR_IDS_MAX);
}

/**
 * An installation's reads, what watches its fields, its inbox and its connection; the installation of one of these; a
 * provider app and those whom it holds.
 */
function relatedTo({ store }: Look, actorId: ActorId): readonly string[] {
  const machine = machineOf(actorId);
  if (machine === 'providerApp') {
    const held = readHeldConnectionIds(store.reads, keyOf(actorId), '', OPERATOR_LIST_MAX);
    return held.map((connectionId) => actorIdOf('credential', connectionId));
  }
  if (machine === 'credential') {
    const providerApp = actorIdOf('providerApp', readConnection(store.reads, keyOf(actorId))?.providerAppId ?? '');
    // It has a row since its first trouble.
    return readSnapshot(store.reads, providerApp) === undefined ? [] : [providerApp];
  }
  if (machine === 'read' || machine === 'schemaWatch' || machine === 'inbox')
    return [actorIdOf('installation', keyOf(actorId).split('/', 1)[0] ?? '')];
  if (machine !== 'installation') return [];
  const installationId = keyOf(actorId);
  const connectionId = readInstallation(store.reads, installationId)?.connectionId;
  const reads = readCheckpointsOf(store.reads, installationId).slice(0, OPERATOR_LIST_MAX);
  const others = [schemaWatchActorId(installationId), actorIdOf('inbox', installationId)];
  return [
    ...(connectionId === undefined ? [] : [actorIdOf('credential', connectionId)]),
    ...reads.map((checkpoint) => checkpoint.actorId),
    ...others.filter((other) => readSnapshot(store.reads, other) !== undefined),
  ];
}

function timeOrNull(atMs: Ms | null): string | null {
  return atMs === null ? null : toRfc3339(atMs);
}

function pendingView({ effectId, actorId, targetId, payload, isAttempted, result }: EffectRow): PendingView {
  const { type, ...details } = JSON.parse(payload) as JsonObject & { readonly type: string };
  return {
    effectId,
    type,
    from: actorId === targetId ? null : actorId,
    isAttempted: isAttempted === 1,
    hasAnswer: result !== null,
    details,
  };
}

export function setAsideView({ seq, event, error, effectId, atMs }: QuarantinedRow): SetAsideView {
  const { type, ...details } = JSON.parse(event) as JsonObject & { readonly type: string };
  return { seq, at: toRfc3339(atMs), type, error, effectId, details };
}

function eventView({ revision, atMs, type, details, state, effects }: PastStep): EventView {
  return { revision, at: toRfc3339(atMs), type, details, state, effects };
}
