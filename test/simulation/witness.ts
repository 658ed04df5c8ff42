// Sees everything that passes between the process and the world, in both directions, and asks at the right moment
// whether a promise was broken. It knows nothing of the product's insides: rows, requests and answers only.

import type { ErrorCode } from '../../src/core/errors.ts';
import { actorIdOf } from '../../src/core/ids.ts';
import { CALLER_WAIT_MS_MAX } from '../../src/core/limits.ts';
import type { Ms } from '../../src/core/time.ts';
import type { BatchOutcome, Reads, RowWrite, Step } from '../../src/store/port.ts';
import { readHistory } from '../../src/store/tables/snapshots.ts';
import { type Destinations, recordsIn } from './destination.ts';
import type { DiskObserver } from './disk.ts';
import { refreshTokenFacts } from './grants.ts';
import {
  answerIsSealedFirst,
  attemptIsOnDisk,
  attemptOf,
  checkpointIsNeverAhead,
  eventsAreTold,
  messageWasAccepted,
  noReplacedTokenIsUsed,
  noWindowIsOverspent,
  oneRefreshInFlight,
  type PastEvent,
  reconnectHasItsReason,
  refusedTokenHasAReason,
} from './invariants.ts';
import type { CallObserver, NetworkObserver, SimAnswer, SimRequest } from './network.ts';
import type { Life, World } from './world.ts';

export interface WitnessParts {
  readonly world: World;
  readonly destinations: Destinations;
  /** Committed rows. A function, because the disk is made with its observer. */
  readonly reads: () => Reads;
  /** The connection whose stored credential has this refresh token. */
  readonly connectionOf: (refreshToken: string) => string | null;
  /** A refresh of this connection leaves the process. */
  readonly onRefresh: (connectionId: string) => void;
  /** A row was committed. */
  readonly onCommitted: (write: RowWrite) => void;
  /** The limits that apply to a call, by key. */
  readonly limitsOf: (request: SimRequest) => readonly CallLimit[];
}

export interface CallLimit {
  readonly key: string;
  readonly limit: number;
  /** 0: so many at the same time. */
  readonly windowMs: Ms;
}

interface Refresh {
  readonly life: Life;
  readonly effectId: string;
  state: 'sent' | 'answered' | 'failed';
  /** The disk said no since; then the answer may be used before it is stored. */
  isDiskRefusing: boolean;
}

interface Rotation {
  readonly index: number;
  readonly connectionId: string;
  readonly life: Life;
  isDurable: boolean;
  /** Its process ended before it could store it. */
  isExcused: boolean;
}

interface Run {
  rows: number;
  /** Rows told before the run began again. */
  rowsBefore: number;
  recordsRead: number;
}

const SILENT: CallObserver = { answered: () => {}, failed: () => {} };

export class Witness implements DiskObserver, NetworkObserver {
  readonly #parts: WitnessParts;
  /** The last one of each grant. */
  readonly #refreshes = new Map<string, Refresh>();
  /** Connections with an attempt on disk and no answer beside it. */
  readonly #attempted = new Set<string>();
  readonly #rotations = new Map<string, Rotation[]>();
  /** Connections whose provider said that the grant is gone, or that lost an answer. */
  readonly #reasons = new Set<string>();
  readonly #runs = new Map<string, Run>();
  readonly #sentAtMs = new Map<string, Ms[]>();
  readonly #open = new Map<string, number>();
  #countsFromMs: Ms = 0;

  constructor(parts: WitnessParts) {
    this.#parts = parts;
  }

  /** The newest refresh token of a grant that was received and need not be lost. */
  readonly newestOf = (grantId: string): number =>
    (this.#rotations.get(grantId) ?? []).reduce(
      (max, { index, isExcused }) => (isExcused ? max : Math.max(max, index)),
      0,
    );

  /** A process has ended: what it had not stored could not be kept, and its budgets begin anew. */
  ended(life: Life): void {
    for (const rotation of [...this.#rotations.values()].flat()) {
      if (rotation.life === life && !rotation.isDurable) rotation.isExcused = true;
    }
    // It said on disk that it would send, and nobody knows whether it did.
    for (const connectionId of this.#attempted) this.#reasons.add(connectionId);
    this.#attempted.clear();
    this.#sentAtMs.clear();
    this.#open.clear();
  }

  /** The machine slept, or its clock was set: windows count by that clock, and waits that were begun end late. */
  disturbed(): void {
    this.#sentAtMs.clear();
    this.#countsFromMs = this.#parts.world.nowMs + 2 * CALLER_WAIT_MS_MAX;
  }

  applying(steps: readonly Step[], life: Life): void {
    for (const { writes } of steps) {
      for (const write of writes) {
        if (write.statement === 'effects.delete') this.#answerIsSealedFirst(String(write.params[0]), life);
        if (write.statement === 'outbox.delete') this.#messageWasAccepted(Number(write.params[0]));
        if (write.statement === 'connections.setStatus') this.#reconnectHasItsReason(write);
      }
    }
  }

  applied(steps: readonly Step[], outcome: BatchOutcome): void {
    if ('failure' in outcome) return;
    const committed = steps.filter((_, index) => outcome.steps[index]?.kind === 'committed');
    for (const step of committed) this.#check('eventsAreTold', eventsAreTold(step.writes));
    const writes = committed.flatMap((step) => step.writes);
    for (const write of writes) this.#parts.onCommitted(write);
    for (const { statement, params } of writes) {
      if (statement === 'outbox.insert') this.#runOf(String(params[2])).rows += recordsIn(String(params[3])).length;
      if (statement === 'effects.attempt') this.#attempted.add(connectionOfEffect(String(params[0])));
      if (statement === 'effects.setResult') this.#stored(connectionOfEffect(String(params[1])));
      if (statement === 'credentials.put') this.#durable(String(params[0]));
    }
    for (const { statement, params } of writes) {
      if (statement === 'checkpoints.put' && params[5] !== null) {
        this.#checkpointIsNeverAhead(String(params[5]), Number(params[10]));
      }
    }
  }

  failed(life: Life): void {
    for (const refresh of this.#refreshes.values()) if (refresh.life === life) refresh.isDiskRefusing = true;
  }

  calls(request: SimRequest, life: Life): CallObserver {
    if (request.body.includes('grant_type=refresh_token')) return this.#refreshing(request, life);
    const limits = this.#parts.limitsOf(request);
    for (const limit of limits) this.#spend(limit);
    const atOnce = limits.filter(({ windowMs }) => windowMs === 0);
    if (atOnce.length === 0) return SILENT;
    const end = () => {
      for (const { key } of atOnce) this.#open.set(key, (this.#open.get(key) ?? 0) - 1);
    };
    return { answered: end, failed: end };
  }

  #check(invariant: string, broken: string | null): void {
    if (broken !== null) this.#parts.world.violate(invariant, broken);
  }

  #spend({ key, limit, windowMs }: CallLimit): void {
    if (windowMs === 0) {
      const open = (this.#open.get(key) ?? 0) + 1;
      this.#open.set(key, open);
      if (open > limit) this.#check('noBudgetIsOverspent', `${open} calls of ${key} at once, ${limit} are allowed`);
      return;
    }
    if (this.#parts.world.nowMs < this.#countsFromMs) return;
    const sentAtMs = this.#sentAtMs.get(key) ?? [];
    this.#sentAtMs.set(key, sentAtMs);
    sentAtMs.push(this.#parts.world.nowMs);
    this.#check('noBudgetIsOverspent', noWindowIsOverspent(sentAtMs, limit, windowMs));
  }

  #refreshing(request: SimRequest, life: Life): CallObserver {
    const token = new URLSearchParams(request.body).get('refresh_token') ?? '';
    const facts = refreshTokenFacts(token);
    const connectionId = this.#parts.connectionOf(token);
    // Connected again, or deleted, after the request was made: the answer matters to nobody.
    if (facts === null || connectionId === null) return SILENT;
    const before = this.#refreshes.get(facts.grantId);
    const isAnotherOpen = before?.life === life && before.state === 'sent';
    const effectId = attemptOf(this.#parts.reads(), connectionId);
    this.#check('oneRefreshInFlight', oneRefreshInFlight(facts.grantId, isAnotherOpen));
    this.#check('attemptIsOnDisk', attemptIsOnDisk(connectionId, effectId));
    this.#check('noReceivedRotationIsLost', noReplacedTokenIsUsed(facts, this.newestOf));
    this.#check('refusedTokenHasAReason', refusedTokenHasAReason(connectionId, this.#pastOf(connectionId)));
    const refresh: Refresh = { life, effectId: effectId ?? '', state: 'sent', isDiskRefusing: false };
    this.#refreshes.set(facts.grantId, refresh);
    this.#parts.onRefresh(connectionId);
    return {
      answered: (answer) => {
        refresh.state = 'answered';
        this.#learn(answer, connectionId, life);
      },
      failed: (code: ErrorCode) => {
        refresh.state = 'failed';
        if (code === 'outcome_unknown') this.#reasons.add(connectionId);
      },
    };
  }

  /** The last events of a credential actor. */
  #pastOf(connectionId: string): readonly PastEvent[] {
    const segments = readHistory(this.#parts.reads(), actorIdOf('credential', connectionId)) ?? [];
    return segments.flatMap(({ events }) => events.map(({ event }) => event));
  }

  #learn({ status, body }: SimAnswer, connectionId: string, life: Life): void {
    const facts = status === 200 ? refreshTokenFacts(tokenIn(body)) : null;
    // Neither a new token nor a plain "later": a broken answer is as good as a lost one.
    if (facts === null && status !== 429) this.#reasons.add(connectionId);
    if (facts === null) return;
    const rotations = this.#rotations.get(facts.grantId) ?? [];
    this.#rotations.set(facts.grantId, rotations);
    rotations.push({ index: facts.index, connectionId, life, isDurable: false, isExcused: false });
  }

  #stored(connectionId: string): void {
    this.#attempted.delete(connectionId);
    this.#durable(connectionId);
  }

  #durable(connectionId: string): void {
    for (const rotation of [...this.#rotations.values()].flat()) {
      if (rotation.connectionId === connectionId) rotation.isDurable = true;
    }
  }

  #answerIsSealedFirst(effectId: string, life: Life): void {
    const refresh = [...this.#refreshes.values()].find((candidate) => candidate.effectId === effectId);
    if (refresh?.life !== life || refresh.state !== 'answered' || refresh.isDiskRefusing) return;
    this.#check('answerIsSealedFirst', answerIsSealedFirst(this.#parts.reads(), effectId));
  }

  #messageWasAccepted(seq: number): void {
    const { reads, destinations } = this.#parts;
    this.#check('messageWasAccepted', messageWasAccepted(reads(), seq, destinations.accepted));
  }

  #reconnectHasItsReason({ params: [status, , connectionId] }: RowWrite): void {
    if (status !== 'bad_credentials') return;
    this.#check('reconnectHasItsReason', reconnectHasItsReason(String(connectionId), this.#reasons));
  }

  #runOf(operationId: string): Run {
    let run = this.#runs.get(operationId);
    if (run === undefined) {
      run = { rows: 0, rowsBefore: 0, recordsRead: 0 };
      this.#runs.set(operationId, run);
    }
    return run;
  }

  #checkpointIsNeverAhead(operationId: string, recordsRead: number): void {
    const run = this.#runOf(operationId);
    // The provider has forgotten its place, and the run begins again.
    if (recordsRead < run.recordsRead) run.rowsBefore = run.rows;
    run.recordsRead = recordsRead;
    const told = run.rows - run.rowsBefore;
    this.#check('checkpointIsNeverAhead', checkpointIsNeverAhead(operationId, recordsRead, told));
  }
}

function connectionOfEffect(effectId: string): string {
  return effectId.split(':')[1] ?? '';
}

/** The refresh token in a token answer, JSON or form; empty where there is none. */
function tokenIn(body: string): string {
  try {
    return String((JSON.parse(body) as Record<string, unknown>)['refresh_token'] ?? '');
  } catch {
    return new URLSearchParams(body).get('refresh_token') ?? '';
  }
}
