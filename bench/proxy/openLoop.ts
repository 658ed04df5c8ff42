// Calls at a fixed rate, whatever becomes of them: the second load generator of the proxy bench, for latency. Calls are
// due in bursts of a millisecond, and each is measured from when it was due: a process under test that stalls makes all
// calls late that came meanwhile, also those that could not be sent yet (no coordinated omission).

import { connect, type Socket } from 'node:net';
import { serveParent } from '../harness/processes.ts';
import { BODY_BYTES, isGood, type Paced, type PacedOutcome } from './traffic.ts';

const HEAD_END = '\r\n\r\n';
/**
 * Each has made a call before the first one is due: whoever is connected may not be accepted yet, and to accept as many
 * at once takes some 20 ms that are none of a call's. A call that finds no connection free waits for one.
 */
const CONNECTIONS = 256;
const TICK_MS = 1;

class PacedRun {
  readonly #load: Paced;
  readonly #requests: readonly Buffer[];
  readonly #resolve: (outcome: PacedOutcome) => void;
  readonly #free: Connection[] = [];
  readonly #all: Connection[] = [];
  /** Calls that wait for a connection. */
  readonly #waiting: DueCall[] = [];
  readonly #latenciesMs: number[] = [];
  readonly #latenessMs: number[] = [];
  #sent = 0;
  #open = 0;
  #isStarted = false;
  #firstFailure: string | null = null;

  constructor(load: Paced, resolve: (outcome: PacedOutcome) => void) {
    this.#load = load;
    this.#requests = load.requests.map((text) => Buffer.from(text, 'latin1'));
    this.#resolve = resolve;
    for (let index = 0; index < CONNECTIONS; index++) {
      this.#all.push(
        new Connection(load.port, {
          ready: (connection) => connection.send({ dueMs: 0, request: this.#requestAt(index) }),
          answered: (connection, dueMs) => this.#answered(connection, dueMs),
          failed: (reason) => {
            this.#firstFailure ??= reason;
            if (!this.#isStarted) this.#end();
          },
        }),
      );
    }
  }

  #start(): void {
    const { perSecond, durationMs } = this.#load;
    const startedMs = performance.now();
    let tick = 0;
    const due = () => {
      const nowMs = performance.now();
      while (startedMs + tick * TICK_MS <= nowMs && tick * TICK_MS < durationMs) {
        const dueMs = startedMs + tick * TICK_MS;
        tick += 1;
        const until = Math.floor((tick * TICK_MS * perSecond) / 1000);
        while (this.#sent < until) this.#call(dueMs, nowMs);
      }
      if (tick * TICK_MS < durationMs && this.#firstFailure === null) setTimeout(due, TICK_MS);
      else this.#end();
    };
    due();
  }

  #call(dueMs: number, nowMs: number): void {
    this.#sent += 1;
    this.#open += 1;
    this.#latenessMs.push(nowMs - dueMs);
    const call: DueCall = { dueMs, request: this.#requestAt(this.#sent) };
    const connection = this.#free.pop();
    if (connection === undefined) this.#waiting.push(call);
    else connection.send(call);
  }

  /** The accounts in turn. */
  #requestAt(index: number): Buffer {
    return this.#requests[index % this.#requests.length] as Buffer;
  }

  #answered(connection: Connection, dueMs: number): void {
    if (!this.#isStarted) {
      this.#free.push(connection);
      if (this.#free.length < CONNECTIONS) return;
      this.#isStarted = true;
      this.#start();
      return;
    }
    this.#open -= 1;
    this.#latenciesMs.push(performance.now() - dueMs);
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#free.push(connection);
    else connection.send(waiting);
  }

  /** With all calls answered, so that the slowest are among them. */
  #end(): void {
    if (this.#open > 0 && this.#firstFailure === null) {
      setTimeout(() => this.#end(), TICK_MS);
      return;
    }
    for (const connection of this.#all) connection.close();
    const { length } = this.#latenciesMs;
    const sorted = Float64Array.from(this.#latenciesMs).sort();
    const late = Float64Array.from(this.#latenessMs).sort();
    const at = (values: Float64Array, share: number) => values[Math.max(0, Math.ceil(length * share) - 1)] ?? 0;
    this.#resolve({
      completed: length,
      opened: CONNECTIONS,
      firstFailure: this.#firstFailure,
      percentilesMs: this.#load.shares.map((share) => at(sorted, share)),
      latenessMs: at(late, 0.99),
    });
  }
}

/** Chosen when it is due: calls that had to wait are spread over the accounts like all others. */
interface DueCall {
  readonly dueMs: number;
  readonly request: Buffer;
}

interface Listener {
  ready(connection: Connection): void;
  answered(connection: Connection, dueMs: number): void;
  failed(reason: string): void;
}

/** One keep-alive connection with one call at a time. */
class Connection {
  readonly #socket: Socket;
  #dueMs = 0;
  #head: string | null = null;
  #bodyBytes = 0;
  #isClosing = false;

  constructor(port: number, listener: Listener) {
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true });
    this.#socket.on('connect', () => listener.ready(this));
    this.#socket.on('error', (error) => listener.failed(error.message));
    this.#socket.on('close', () => {
      if (!this.#isClosing) listener.failed('a connection was closed');
    });
    this.#socket.on('data', (chunk: Buffer) => {
      if (!this.#isWhole(chunk)) return;
      if (this.#head === null || !isGood(this.#head)) listener.failed(`not the answer: ${this.#head}`);
      this.#head = null;
      this.#bodyBytes = 0;
      listener.answered(this, this.#dueMs);
    });
  }

  send({ request, dueMs }: DueCall): void {
    this.#dueMs = dueMs;
    this.#socket.write(request);
  }

  close(): void {
    this.#isClosing = true;
    this.#socket.destroy();
  }

  #isWhole(chunk: Buffer): boolean {
    const end = this.#head === null ? chunk.indexOf(HEAD_END) : 0;
    if (end === -1) return false;
    if (this.#head === null) {
      this.#head = chunk.toString('latin1', 0, end);
      this.#bodyBytes = chunk.length - end - HEAD_END.length;
    } else {
      this.#bodyBytes += chunk.length;
    }
    return this.#bodyBytes >= BODY_BYTES || !isGood(this.#head);
  }
}

serveParent({}, (load: Paced) => new Promise<PacedOutcome>((resolve) => new PacedRun(load, resolve)));
