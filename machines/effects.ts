// What machines may ask for. An effect is data: it is committed in the transaction of the decision that asked
// for it, performed after that, and answered by an event to the same actor. No effect carries a secret.

import type { ActorId } from '../src/core/ids.ts';
import type { JsonValue } from '../src/core/json.ts';
import type { Ms } from '../src/core/time.ts';

/** Get the token after that of `generation`. Answered by `refresh.*`. */
export interface RefreshEffect {
  readonly type: 'effect.refresh';
  readonly connectionId: string;
  readonly generation: number;
  readonly attempt: number;
  /** Sent although the provider app is held back: to see whether it still has to be. */
  readonly isProbe: boolean;
  /** An answer was lost before: the refresh token may be one that was used, and a refusal says nothing of others. */
  readonly isAfterLoss: boolean;
}

/** Ask the provider whether it takes the credential of `generation`. Answered by `credential.*`, or not at all. */
export interface CheckCredentialEffect {
  readonly type: 'effect.checkCredential';
  readonly connectionId: string;
  readonly generation: number;
}

/**
 * Tell the held credentials of a provider app what became of it, those whose id comes after `after` first; `suspected`
 * is told to those that were refused since `sinceMs` and believed. Answered by `fleet.pageSettled` as long as there are
 * more.
 */
export interface SettleFleetEffect {
  readonly type: 'effect.settleFleet';
  readonly providerAppId: string;
  readonly verdict: 'released' | 'confirmed' | 'suspected';
  readonly sinceMs: Ms;
  readonly after: string;
}

/** Have one held credential of a provider app tried: `connectionId`, or another if that one is not held any more. */
export interface ProbeFleetEffect {
  readonly type: 'effect.probeFleet';
  readonly providerAppId: string;
  readonly connectionId: string;
}

/** Write down what became of a connection and tell every installation that uses it. Needs no answer. */
export interface TellInstallationsEffect {
  readonly type: 'effect.tellInstallations';
  readonly connectionId: string;
  /** Of the credential that this is about: a later one is none of its business. */
  readonly generation: number;
  /** `held`: it was called revoked too early. */
  readonly event: 'connection.revoked' | 'connection.restored' | 'connection.held';
  /** The last failure, for people. Absent in effects of versions that told nobody. */
  readonly reason?: string | null;
}

/** Bring the reads of an installation in line with its committed config. Answered by `config.applied`. */
export interface ApplyConfigEffect {
  readonly type: 'effect.applyConfig';
  readonly installationId: string;
  readonly configRevision: number;
}

/**
 * Tell the reads of an installation (all, or those named). `read.removed` is answered by `reads.removed`, the rest
 * needs no answer.
 */
export interface TellReadsEffect {
  readonly type: 'effect.tellReads';
  readonly installationId: string;
  readonly event: 'read.blocked' | 'read.unblocked' | 'read.paused' | 'read.resumed' | 'read.removed';
  readonly objects: readonly string[] | null;
}

/** A read that was asked for over the API: what was modified in a period, which null leaves open. */
export interface Trigger {
  /** Of the operation that it was answered with. */
  readonly operationId: string;
  readonly sinceMs: Ms | null;
  readonly untilMs: Ms | null;
}

/**
 * Read page `page` of run `run` and commit it. Answered by `page.*` with the same `turn`, which no other request of
 * this actor has.
 */
export interface ReadPageEffect {
  readonly type: 'effect.readPage';
  readonly installationId: string;
  readonly objectName: string;
  readonly run: number;
  readonly readType: 'backfill' | 'scheduled' | 'triggered';
  readonly page: number;
  readonly turn: number;
  readonly attempt: number;
  /** Times this page was put off without a failure. */
  readonly deferrals: number;
  /** Of a triggered run. Absent in effects of versions that had none. */
  readonly trigger?: Trigger | null;
}

/** Close the books of a run that will not go on. Needs no answer. */
export interface CloseRunEffect {
  readonly type: 'effect.closeRun';
  readonly installationId: string;
  readonly objectName: string;
  readonly run: number;
  readonly readType: ReadPageEffect['readType'];
  readonly message: string;
  /** The read is gone: its checkpoint goes too. */
  readonly isRemoved: boolean;
  /** The read pauses, because the run failed too often. Absent in effects of versions that told nobody. */
  readonly isPaused?: boolean;
  /** Of a triggered run, which has one before its first page. Absent in effects of versions that had none. */
  readonly operationId?: string | null;
  /** Operations of triggers that never began and end with this. */
  readonly waiting?: readonly string[];
}

/** Send what is due in a lane. Answered by `round.finished`. */
export interface DeliverEffect {
  readonly type: 'effect.deliver';
  readonly laneId: string;
  readonly round: number;
}

/** Write down that a destination is disabled, and tell who asked for it. Answered by `destination.*`. */
export interface DisableDestinationEffect {
  readonly type: 'effect.disableDestination';
  readonly laneId: string;
  readonly round: number;
  readonly failingSinceMs: Ms;
}

/**
 * Send what an operation is to write, for the `attempt`th time. Answered by `write.ended` or `write.failed` with the
 * same attempt. Nothing is sent twice unless twice comes to the same as once, or the provider said that it did nothing.
 */
export interface WriteEffect {
  readonly type: 'effect.write';
  readonly installationId: string;
  readonly operationId: string;
  readonly objectName: string;
  readonly writeType: 'create' | 'update';
  readonly attempt: number;
  /** Nothing is sent after it. Absent in effects of versions that did not look. */
  readonly deadlineAtMs?: Ms | null;
}

/** Close the books of a write that has failed for good. Needs no answer. */
export interface CloseWriteEffect {
  readonly type: 'effect.closeWrite';
  readonly installationId: string;
  readonly operationId: string;
  readonly objectName: string;
  readonly writeType: WriteEffect['writeType'];
  readonly attempt: number;
  readonly message: string;
}

/** Turn the oldest events of an inbox into messages. Answered by `batch.*` with the same `turn`. */
export interface ProcessInboxEffect {
  readonly type: 'effect.processInbox';
  readonly installationId: string;
  readonly turn: number;
  readonly attempt: number;
  /** Times a batch was put off without a failure. */
  readonly deferrals: number;
}

/**
 * Bring what the provider sends of an installation in line with its committed config; with `isRemoved`, take all of it
 * back. Answered by `subscription.*` with the same `turn`.
 */
export interface SubscribeEffect {
  readonly type: 'effect.subscribe';
  readonly installationId: string;
  readonly turn: number;
  readonly attempt: number;
  readonly isRemoved: boolean;
  /** The builder knows that it failed. */
  readonly isTold: boolean;
}

/** Close the books of a subscription, and of the connection that was kept for it alone. Needs no answer. */
export interface CloseSubscriptionEffect {
  readonly type: 'effect.closeSubscription';
  readonly installationId: string;
  /** The customer connected again meanwhile. */
  readonly isConnectionKept: boolean;
}

/**
 * Look at the fields of the first object after `after`, in the order of their names. Answered by `object.*` or `look.*`
 * with the same `turn`, which no other request of this actor has.
 */
export interface WatchSchemaEffect {
  readonly type: 'effect.watchSchema';
  readonly installationId: string;
  readonly turn: number;
  readonly after: string;
  readonly attempt: number;
  /** Times this object was put off without a failure. */
  readonly deferrals: number;
}

/** Forget what is known of the fields of an installation. Answered by `fields.forgotten` with the same `turn`. */
export interface ForgetFieldsEffect {
  readonly type: 'effect.forgetFields';
  readonly installationId: string;
  readonly turn: number;
}

/** A message between actors: its row is deleted in the receiver's commit, hence exactly once. */
export interface SendEffect {
  readonly type: 'effect.send';
  readonly to: ActorId;
  readonly event: MachineEvent;
}

/** Everything a machine may ask for. */
export type Effect =
  | RefreshEffect
  | CheckCredentialEffect
  | SettleFleetEffect
  | ProbeFleetEffect
  | TellInstallationsEffect
  | ApplyConfigEffect
  | TellReadsEffect
  | ReadPageEffect
  | CloseRunEffect
  | DeliverEffect
  | DisableDestinationEffect
  | WriteEffect
  | CloseWriteEffect
  | ProcessInboxEffect
  | SubscribeEffect
  | CloseSubscriptionEffect
  | WatchSchemaEffect
  | ForgetFieldsEffect
  | SendEffect;

/** The effect of one type. */
export type EffectOf<Type extends Effect['type']> = Extract<Effect, { readonly type: Type }>;

/**
 * Any event. Plain JSON by its type: it is stored in histories and rows, and whatever holds a secret in this product
 * (`Secret`, bytes) is not JSON. The host stamps `nowMs` on delivery, so that machines never read a clock.
 */
export interface MachineEvent {
  readonly type: string;
  readonly [key: string]: JsonValue;
}

/** An event as a machine sees it. */
export type Stamped<Event> = Event & { readonly nowMs: Ms };

/** Sent when the actor's `wakeAtMs` has come: maybe late, maybe twice, never trusted to be exact. */
export interface AlarmFired {
  readonly type: 'alarm.fired';
}
