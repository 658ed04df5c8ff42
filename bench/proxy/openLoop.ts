// Calls at a fixed rate, whatever becomes of them: the second load generator of the proxy bench, for latency. Calls are
// due in bursts of a millisecond, and each is measured from when it was due: a process under test that stalls makes all
// calls late that came meanwhile, also those that could not be sent yet (no coordinated omission).
// Invariant: a run makes next to no garbage here. A collection stops the generator for 5 to 25 ms, which every call of
// that time would show as the latency of the process under test; so numbers go into arrays that were there before, all
// connections read into one buffer, and what is left of the run before is collected first (`--expose-gc`).

import { connect, type Socket } from 'node:net';
import { serveParent } from '../harness/processes.ts';
import { percentile } from '../harness/result.ts';
import { BODY_BYTES, isGood, type Paced, type PacedOutcome } from './traffic.ts';

const HEAD_END = '\r\n\r\n';
/**
 * To each process under test, for all runs: what a connection leaves behind is not a call's. A new one makes a call
 * before the run begins: whoever is connected may not be accepted yet, and to accept as many at once takes some 20 ms.
 * A call gets the one that was free last, and waits if none is; those that a server closes meanwhile, having idled too
 * long, are replaced before the next run.
 */
const CONNECTIONS = 256;
const TICK_MS = 1;
/** More than an answer has. */
const READ_BYTES = 65_536;
const read = Buffer.alloc(READ_BYTES);
const connectionsTo = new Map<number, readonly Connection[]>();

class PacedRun {
  readonly #load: Paced;
  readonly #requests: readonly Buffer[];
  readonly #resolve: (outcome: PacedOutcome) => void;
  readonly #free: Connection[] = [];
  /** Calls by when they were due, in milliseconds. Those before `#sent` have a connection. */
  readonly #dueMs: Float64Array;
  readonly #latenciesMs: Float64Array;
  readonly #latenessMs: Float64Array;
  #opened = 0;
  #due = 0;
  #sent = 0;
  #completed = 0;
  #isStarted = false;
  #firstFailure: string | null = null;

  constructor(load: Paced, resolve: (outcome: PacedOutcome) => void) {
    const calls = Math.ceil((load.perSecond * load.durationMs) / 1000);
    this.#load = load;
    this.#requests = load.requests.map((text) => Buffer.from(text, 'latin1'));
    this.#resolve = resolve;
    this.#dueMs = new Float64Array(calls);
    this.#latenciesMs = new Float64Array(calls);
    this.#latenessMs = new Float64Array(calls);
    const listener: Listener = {
      answered: (connection, dueMs) => this.#answered(connection, dueMs),
      failed: (reason) => {
        this.#firstFailure ??= reason;
        if (!this.#isStarted) this.#end();
      },
    };
    for (const [index, connection] of connectionsOf(load.port).entries()) {
      connection.listener = listener;
      if (connection.isNew) connection.send(0, this.#requestAt(index));
      else this.#free.push(connection);
    }
    this.#opened = CONNECTIONS - this.#free.length;
    if (this.#opened === 0) this.#start();
  }

  #start(): void {
    this.#isStarted = true;
    globalThis.gc?.();
    const { perSecond, durationMs } = this.#load;
    const startedMs = performance.now();
    let tick = 0;
    const due = () => {
      const nowMs = performance.now();
      while (startedMs + tick * TICK_MS <= nowMs && tick * TICK_MS < durationMs) {
        const dueMs = startedMs + tick * TICK_MS;
        tick += 1;
        const until = Math.floor((tick * TICK_MS * perSecond) / 1000);
        while (this.#due < until) this.#call(dueMs, nowMs);
      }
      if (tick * TICK_MS < durationMs && this.#firstFailure === null) setTimeout(due, TICK_MS);
      else this.#end();
    };
    due();
  }

  #call(dueMs: number, nowMs: number): void {
    this.#dueMs[this.#due] = dueMs;
    this.#latenessMs[this.#due] = nowMs - dueMs;
    this.#due += 1;
    let connection = this.#free.pop();
    while (connection?.isOpen === false) connection = this.#free.pop();
    if (connection !== undefined) this.#sendNext(connection);
  }

  /** Calls go out in the order in which they were due. */
  #sendNext(connection: Connection): void {
    const dueMs = this.#dueMs[this.#sent] ?? 0;
    this.#sent += 1;
    connection.send(dueMs, this.#requestAt(this.#sent));
  }

  /** The accounts in turn. */
  #requestAt(index: number): Buffer {
    return this.#requests[index % this.#requests.length] as Buffer;
  }

  #answered(connection: Connection, dueMs: number): void {
    if (!this.#isStarted) {
      this.#free.push(connection);
      if (this.#free.length < CONNECTIONS) return;
      this.#start();
      return;
    }
    this.#latenciesMs[this.#completed] = performance.now() - dueMs;
    this.#completed += 1;
    if (this.#sent < this.#due) this.#sendNext(connection);
    else this.#free.push(connection);
  }

  /** With all calls answered, so that the slowest are among them. */
  #end(): void {
    if (this.#completed < this.#due && this.#firstFailure === null) {
      setTimeout(() => this.#end(), TICK_MS);
      return;
    }
    this.#resolve({
      completed: this.#completed,
      opened: this.#opened,
      firstFailure: this.#firstFailure,
      latenciesMs: inMicros(this.#latenciesMs.subarray(0, this.#completed)),
      latenessMs: percentile(Array.from(this.#latenessMs.subarray(0, this.#due)), 0.99),
    });
  }
}

/** Whole microseconds: short to send. */
function inMicros(valuesMs: Float64Array): readonly number[] {
  return Array.from(valuesMs, (value) => Math.round(value * 1000) / 1000);
}

/** CONNECTIONS of them, in place of each that was closed a new one. */
function connectionsOf(port: number): readonly Connection[] {
  const open = (connectionsTo.get(port) ?? []).filter(({ isOpen }) => isOpen);
  const all = [...open, ...Array.from({ length: CONNECTIONS - open.length }, () => new Connection(port))];
  connectionsTo.set(port, all);
  return all;
}

interface Listener {
  answered(connection: Connection, dueMs: number): void;
  failed(reason: string): void;
}

/** One keep-alive connection with one call at a time. */
class Connection {
  readonly #socket: Socket;
  listener: Listener | null = null;
  isNew = true;
  isOpen = true;
  #isBusy = false;
  #dueMs = 0;
  #head: string | null = null;
  #bodyBytes = 0;

  constructor(port: number) {
    const onread = { buffer: read, callback: (bytes: number) => this.#read(bytes) };
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true, onread });
    this.#socket.on('error', (error) => this.#closed(error.message));
    this.#socket.on('close', () => this.#closed('a connection was closed'));
  }

  send(dueMs: number, request: Buffer): void {
    this.isNew = false;
    this.#isBusy = true;
    this.#dueMs = dueMs;
    this.#socket.write(request);
  }

  #closed(reason: string): void {
    this.isOpen = false;
    if (this.#isBusy) this.listener?.failed(reason);
  }

  /** Answers whether more may come. */
  #read(bytes: number): boolean {
    if (!this.#isWhole(bytes)) return true;
    if (this.#head === null || !isGood(this.#head)) this.listener?.failed(`not the answer: ${this.#head}`);
    this.#head = null;
    this.#bodyBytes = 0;
    this.#isBusy = false;
    this.listener?.answered(this, this.#dueMs);
    return true;
  }

  #isWhole(bytes: number): boolean {
    const piece = read.subarray(0, bytes);
    const end = this.#head === null ? piece.indexOf(HEAD_END) : 0;
    if (end === -1) return false;
    if (this.#head === null) {
      this.#head = piece.toString('latin1', 0, end);
      this.#bodyBytes = bytes - end - HEAD_END.length;
    } else {
      this.#bodyBytes += bytes;
    }
    return this.#bodyBytes >= BODY_BYTES || !isGood(this.#head);
  }
}

serveParent({}, (load: Paced) => new Promise<PacedOutcome>((resolve) => new PacedRun(load, resolve)));
