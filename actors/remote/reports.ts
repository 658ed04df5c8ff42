// What an edge thread has to tell the owner thread, gathered: counts of what it was handed, every few milliseconds, and
// what others wait for at once. Invariant: what is told of chunks goes before what providers said of the same limits,
// so that no call counts twice.

import type { ConnectionId } from '../../src/core/ids.ts';
import { OUTCOMES_INTERVAL_MS, REPORT_INTERVAL_MS } from '../../src/core/limits.ts';
import type { Clock, Ms, Timer } from '../../src/core/time.ts';
import type { Said } from '../../src/limits/told.ts';
import type { BudgetKey } from '../budgetState.ts';
import type { Channel } from './channel.ts';
import { type Chunk, isUrgent, reportOf } from './chunk.ts';
import {
  type BlockReport,
  type CircuitReport,
  type CredentialReport,
  type ProbeReport,
  REPORT,
  type Report,
  type SaidReport,
} from './messages.ts';

interface Outcomes {
  calls: number;
  failures: string[];
}

/** Gathers and sends reports; one for an edge thread. */
export class Reports {
  readonly #channel: Channel;
  readonly #clock: Clock;
  #chunks: Chunk[] = [];
  #probes: ProbeReport[] = [];
  readonly #outcomes = new Map<string, Outcomes>();
  #outcomesDueAtMs: Ms | null = null;
  #said = new Map<string, SaidReport>();
  #answered = new Map<string, BudgetKey>();
  #blocked: BlockReport[] = [];
  #credentials: CredentialReport[] = [];
  #timer: Timer | null = null;
  #isDue = false;

  constructor(channel: Channel, clock: Clock) {
    this.#channel = channel;
    this.#clock = clock;
  }

  /** Something of this chunk has changed. */
  chunk(chunk: Chunk): void {
    if (isUrgent(chunk)) this.#soon();
    else this.#later();
    if (chunk.isTold) return;
    chunk.isTold = true;
    this.#chunks.push(chunk);
  }

  outcome(providerKey: string, failure: string | null): void {
    let outcomes = this.#outcomes.get(providerKey);
    if (outcomes === undefined) {
      outcomes = { calls: 0, failures: [] };
      this.#outcomes.set(providerKey, outcomes);
    }
    if (failure === null) {
      outcomes.calls += 1;
      this.#outcomesDueAtMs ??= this.#clock.nowMs() + OUTCOMES_INTERVAL_MS;
    } else {
      outcomes.failures.push(failure);
      this.#outcomesDueAtMs = this.#clock.nowMs();
    }
    this.#later();
  }

  probe(probeId: number, failure: string | null | undefined): void {
    this.#probes.push({ probeId, failure });
    this.#soon();
  }

  /** The latest counts. */
  said(key: BudgetKey, mark: number, said: Said): void {
    this.#said.set(key.key, { key, mark, said });
    this.#later();
  }

  answered(key: BudgetKey): void {
    this.#answered.set(key.key, key);
    this.#later();
  }

  blocked(report: BlockReport): void {
    this.#blocked.push(report);
    this.#soon();
  }

  credential(kind: CredentialReport['kind'], connectionId: ConnectionId, generation: number): void {
    this.#credentials.push({ kind, connectionId, generation });
    this.#soon();
  }

  /** Sends what there is. */
  flush(): void {
    this.#isDue = false;
    this.#timer?.cancel();
    this.#timer = null;
    const report: Report = {
      chunks: reportOf(this.#chunks),
      probes: this.#probes,
      outcomes: this.#dueOutcomes(),
      said: [...this.#said.values()],
      answered: [...this.#answered.values()],
      blocked: this.#blocked,
      credentials: this.#credentials,
    };
    this.#chunks = [];
    this.#probes = [];
    this.#said = new Map();
    this.#answered = new Map();
    this.#blocked = [];
    this.#credentials = [];
    this.#channel.tell(REPORT, report);
  }

  /** That calls went well is only of interest beside those that did not. */
  #dueOutcomes(): CircuitReport[] {
    if (this.#outcomesDueAtMs === null || this.#clock.nowMs() < this.#outcomesDueAtMs) return [];
    const due = [...this.#outcomes].map(([providerKey, outcomes]): CircuitReport => ({ providerKey, ...outcomes }));
    this.#outcomes.clear();
    this.#outcomesDueAtMs = null;
    return due;
  }

  #soon(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(() => {
      if (this.#isDue) this.flush();
    });
  }

  #later(): void {
    if (this.#isDue || this.#timer !== null) return;
    this.#timer = this.#clock.timerAt(this.#clock.nowMs() + REPORT_INTERVAL_MS, () => this.flush());
  }
}
