// What a credential actor remembers and what it hears; the decisions are in `credential.ts`.

import type { Ms } from '../src/core/time.ts';
import type { AlarmFired } from './effects.ts';

/** What a second use of a refresh token does at this provider (catalog fact). */
export type Rotation = 'stable' | 'singleUseGrace' | 'singleUseRevoking' | 'unknown';

/** What a credential actor remembers; never the secret itself. */
export interface CredentialContext {
  readonly connectionId: string;
  readonly generation: number;
  /** When the access token ends, as the provider said or, where it says nothing, as is assumed; null: never. */
  readonly endsAtMs: Ms | null;
  readonly canRefresh: boolean;
  readonly rotation: Rotation;
  /** When the grant ends whatever is done with it, as far as the provider said; for people. */
  readonly grantEndsAtMs: Ms | null;
  /** Refresh attempts since the last success. */
  readonly attempt: number;
  /** The attempt under way is sent although the provider app is held back. */
  readonly isProbe: boolean;
  /** Suspicions that ended without a success since the last one. */
  readonly suspicions: number;
  /** A call with this generation has worked. */
  readonly isProven: boolean;
  readonly wakeAtMs: Ms | null;
  /** The last failure, for people. */
  readonly lastError: string | null;
  readonly lastErrorAtMs: Ms | null;
  /** When the answer to a single-use refresh token was lost; the cause, if the grant turns out to be gone. */
  readonly lostAnswerAtMs: Ms | null;
}

/** What is known of a new token. */
export interface TokenKnown {
  readonly generation: number;
  readonly endsAtMs: Ms | null;
  readonly canRefresh: boolean;
  /** When it is renewed although nobody asked, so that the grant does not die of idleness; null: never. */
  readonly keepAliveAtMs: Ms | null;
  readonly grantEndsAtMs: Ms | null;
}

/** A credential was stored by connecting or reconnecting. `generation` must follow the current one. */
export interface CredentialStored extends TokenKnown {
  readonly type: 'credential.stored';
  readonly rotation: Rotation;
}

/** A call with `generation` worked; or it was refused, and no other token can help. */
export interface CredentialJudged {
  readonly type: 'credential.worked' | 'credential.doubted';
  readonly generation: number;
}

/** The provider's own check refused `generation`, which cannot be renewed: else the token endpoint would decide. */
export interface CredentialRefused {
  readonly type: 'credential.refused';
  readonly generation: number;
  readonly message: string;
}

/** Somebody needs a newer token than `generation`: it is due, or the provider refused it. */
export interface RefreshRequested {
  readonly type: 'refresh.requested';
  readonly generation: number;
  /** The provider no longer takes this generation, so nothing is lost by a refresh that may fail. */
  readonly isRefused: boolean;
}

/** Says which request an answer belongs to. */
export interface RefreshAnswer {
  readonly fromGeneration: number;
  readonly attempt: number;
}

/** The next token is stored. */
export interface RefreshSucceeded extends RefreshAnswer, TokenKnown {
  readonly type: 'refresh.succeeded';
}

/** Nothing is known to have happened at the provider, or it asked us to come back. */
interface RefreshFailed extends RefreshAnswer {
  readonly type: 'refresh.failed';
  readonly message: string;
  readonly retryAtMs: Ms;
}

/** The provider said that the grant is gone. After a lost answer that is the likely cause. */
export interface RefreshRefused extends RefreshAnswer {
  readonly type: 'refresh.refused';
  readonly message: string;
  /** It says so of many customers at once. */
  readonly isSuspect: boolean;
}

/** The provider app was refused, or is known to be: then nothing was sent. */
interface RefreshAppRefused extends RefreshAnswer {
  readonly type: 'refresh.appRefused';
  readonly message: string;
}

/** The request may have been carried out and its answer is lost. `retryAtMs` is when a retry is due if one is safe. */
interface RefreshOutcomeUnknown extends RefreshAnswer {
  readonly type: 'refresh.outcomeUnknown';
  readonly message: string;
  readonly retryAtMs: Ms;
}

/** From the actor of the provider app. `suspected`: what was refused since then is not believed any more. */
export interface GrantSuspected {
  readonly type: 'grant.suspected';
  readonly sinceMs: Ms;
}

interface GrantReleased {
  readonly type: 'grant.released';
  readonly retryAtMs: Ms;
}

interface GrantJudged {
  readonly type: 'grant.probed' | 'grant.confirmed';
}

/** `described`: other facts of the account were committed with it. */
interface ConnectionChanged {
  readonly type: 'connection.deleted' | 'connection.described';
}

/** Everything a credential actor handles. */
export type CredentialEvent =
  | CredentialStored
  | CredentialJudged
  | CredentialRefused
  | RefreshRequested
  | RefreshSucceeded
  | RefreshFailed
  | RefreshRefused
  | RefreshAppRefused
  | RefreshOutcomeUnknown
  | GrantSuspected
  | GrantReleased
  | GrantJudged
  | ConnectionChanged
  | AlarmFired;
