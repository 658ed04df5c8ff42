// The load generator of the proxy bench: raw keep-alive sockets, each sending its next request when the answer to the
// last one is complete. It looks at every answer: status, announced length and received length. A run ends with every
// request answered, so that what the process under test did in between is exactly `completed` requests.

import { connect, type Socket } from 'node:net';
import { hrtime } from 'node:process';
import { serveParent } from '../harness/processes.ts';
import { BODY_BYTES, CONNECTIONS, isGood, type Load, type LoadOutcome } from './traffic.ts';

const HEAD_END = '\r\n\r\n';
const NS_PER_MS = 1e6;

class Run {
  readonly #load: Load;
  readonly #requests: readonly Buffer[];
  readonly #startedNs = hrtime.bigint();
  readonly #resolve: (outcome: LoadOutcome) => void;
  #next = 0;
  #open = CONNECTIONS;
  #completed = 0;
  #failed = 0;
  #firstFailure: string | null = null;
  #isOver = false;

  constructor(load: Load, resolve: (outcome: LoadOutcome) => void) {
    this.#load = load;
    this.#requests = load.requests.map((text) => Buffer.from(text, 'latin1'));
    this.#resolve = resolve;
    setTimeout(() => {
      this.#isOver = true;
    }, load.durationMs);
    for (let index = 0; index < CONNECTIONS; index++) this.#connect();
  }

  #connect(): void {
    const socket = connect({ host: '127.0.0.1', port: this.#load.port, noDelay: true });
    let head: string | null = null;
    let bodyBytes = 0;
    socket.on('connect', () => this.#send(socket));
    socket.on('data', (chunk: Buffer) => {
      let start = 0;
      if (head === null) {
        const end = chunk.indexOf(HEAD_END);
        if (end === -1) return this.#fail(socket, 'the head of an answer came in pieces');
        head = chunk.toString('latin1', 0, end);
        start = end + HEAD_END.length;
      }
      bodyBytes += chunk.length - start;
      if (bodyBytes < BODY_BYTES && isGood(head)) return;
      if (bodyBytes !== BODY_BYTES || !isGood(head))
        return this.#fail(socket, `${head}\n${chunk.toString('latin1', start)}`);
      head = null;
      bodyBytes = 0;
      this.#completed += 1;
      if (this.#isOver) socket.end();
      else this.#send(socket);
    });
    socket.on('error', (error) => this.#fail(socket, error.message));
    socket.on('close', () => {
      if (!this.#isOver) this.#fail(socket, 'a connection was closed');
      this.#open -= 1;
      if (this.#open === 0) this.#end();
    });
  }

  #send(socket: Socket): void {
    const request = this.#requests[this.#next];
    this.#next = (this.#next + 1) % this.#requests.length;
    if (request !== undefined) socket.write(request);
  }

  #fail(socket: Socket, reason: string): void {
    this.#failed += 1;
    this.#firstFailure ??= reason;
    socket.destroy();
  }

  #end(): void {
    const elapsedMs = Number(hrtime.bigint() - this.#startedNs) / NS_PER_MS;
    this.#resolve({ completed: this.#completed, failed: this.#failed, firstFailure: this.#firstFailure, elapsedMs });
  }
}

serveParent({}, (load: Load) => new Promise<LoadOutcome>((resolve) => new Run(load, resolve)));
