// The network: calls take a while, meet closed doors, are carried out without an answer, come late or twice. What was
// sent goes on its way also when its process ends. Failures are told as the real egress tells them: `network` and
// `timeout` before the first byte, `outcome_unknown` after it.

import { type ErrorCode, IntegrationError } from '../../src/core/errors.ts';
import type { Clock, Ms, Timer } from '../../src/core/time.ts';
import type { BufferedResponse, OutgoingCall } from '../../src/egress/buffered.ts';
import type { Egress } from '../../src/egress/egress.ts';
import { createFetch } from '../../src/egress/fetch.ts';
import { SilenceWatch } from '../../src/egress/silence.ts';
import type { Rolls } from './rolls.ts';
import type { Weather } from './weather.ts';
import type { Life, World } from './world.ts';

export interface SimRequest {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface SimAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Whoever answers at a host; null: it never does. */
export type Server = (request: SimRequest) => SimAnswer | null;

/** Watches calls as the process sees them. */
export interface NetworkObserver {
  calls(request: SimRequest, life: Life): CallObserver;
}

export interface CallObserver {
  /** The answer is about to reach the process. */
  answered(answer: SimAnswer): void;
  /** The process is told that there is none. */
  failed(code: ErrorCode): void;
}

export interface NetworkOptions {
  readonly world: World;
  readonly weather: Weather;
  readonly rolls: Rolls;
  readonly observer: NetworkObserver;
  readonly serverOf: (host: string) => Server;
  readonly kill: (life: Life, why: string) => void;
}

/** How one call fares. */
interface Fate {
  readonly refusal: 'network' | 'timeout' | null;
  readonly connectMs: Ms;
  readonly outMs: Ms;
  readonly backMs: Ms;
  readonly isLost: boolean;
  readonly isTwice: boolean;
}

export class Network {
  readonly #options: NetworkOptions;

  constructor(options: NetworkOptions) {
    this.#options = options;
  }

  egressOf(life: Life, clock: Clock): Egress {
    const request = (call: OutgoingCall) => this.#request(life, call);
    return {
      request,
      fetch: createFetch(request),
      checkUrl: () => {},
      forward() {
        throw new Error('the simulation makes buffered calls only');
      },
      watch: new SilenceWatch(clock),
      close: () => Promise.resolve(),
    };
  }

  #fate(isRepeatable: boolean): Fate {
    const { weather, rolls } = this.#options;
    const isSlow = weather.strikes('slow');
    return {
      refusal: weather.strikes('refused') ? 'network' : weather.strikes('connectTimeout') ? 'timeout' : null,
      connectMs: rolls.between(0, 5),
      outMs: isSlow ? rolls.between(500, 20_000) : rolls.between(1, 80),
      backMs: weather.strikes('overdue') ? 120_000 : isSlow ? rolls.between(500, 20_000) : rolls.between(1, 80),
      isLost: weather.strikes('lost'),
      isTwice: isRepeatable && weather.strikes('twice'),
    };
  }

  #request(life: Life, call: OutgoingCall): Promise<BufferedResponse> {
    const { weather, kill } = this.#options;
    if (!life.isAlive) return new Promise(() => {});
    const request = requestOf(call);
    if (weather.kills('crashAtCall')) {
      kill(life, `before a call to ${request.host}`);
      return new Promise(() => {});
    }
    // A token request is never repeated by what stands in between; a page and a message may be.
    const fate = this.#fate(!request.body.includes('grant_type='));
    return new Promise((resolve, reject) =>
      new Call(this.#options, life, request, call, fate, resolve, reject).start(),
    );
  }
}

class Call {
  readonly #options: NetworkOptions;
  readonly #life: Life;
  readonly #request: SimRequest;
  readonly #call: OutgoingCall;
  readonly #fate: Fate;
  readonly #resolve: (response: BufferedResponse) => void;
  readonly #reject: (error: IntegrationError) => void;
  readonly #observer: CallObserver;
  #deadline: Timer | null = null;
  #isSent = false;
  #isSettled = false;

  constructor(
    options: NetworkOptions,
    life: Life,
    request: SimRequest,
    call: OutgoingCall,
    fate: Fate,
    resolve: (response: BufferedResponse) => void,
    reject: (error: IntegrationError) => void,
  ) {
    this.#options = options;
    this.#life = life;
    this.#request = request;
    this.#call = call;
    this.#fate = fate;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#observer = options.observer.calls(request, life);
  }

  start(): void {
    const { world } = this.#options;
    const { connectMs, refusal } = this.#fate;
    const { signal, timeoutMs } = this.#call;
    if (signal?.aborted) {
      this.#fail('timeout');
      return;
    }
    signal?.addEventListener('abort', this.#giveUp);
    if (refusal !== null) {
      world.after(refusal === 'timeout' ? Math.min(timeoutMs, 10_000) : connectMs, () => this.#fail(refusal));
      return;
    }
    this.#deadline = world.after(timeoutMs, this.#giveUp);
    world.after(connectMs, () => this.#send());
  }

  #send(): void {
    if (!this.#life.isAlive || this.#isSettled) return;
    this.#isSent = true;
    const { world } = this.#options;
    const { outMs, backMs, isTwice } = this.#fate;
    world.after(outMs, () => this.#arrive());
    if (isTwice) world.after(outMs + backMs, () => this.#arrive());
  }

  #arrive(): void {
    const { world, serverOf } = this.#options;
    const { method, host, path } = this.#request;
    const answer = serverOf(host)(this.#request);
    world.note(`${host} ${method} ${path} → ${answer === null ? 'silence' : `${answer.status} ${short(answer.body)}`}`);
    if (answer === null) return;
    world.after(this.#fate.backMs, () => (this.#fate.isLost ? this.#fail('outcome_unknown') : this.#deliver(answer)));
  }

  #deliver(answer: SimAnswer): void {
    const { weather, kill } = this.#options;
    if (!this.#life.isAlive || this.#isSettled) return;
    if (weather.kills('crashAtAnswer')) {
      kill(this.#life, `as ${this.#request.host} answers`);
      return;
    }
    this.#settle();
    this.#observer.answered(answer);
    const { status, headers = {}, body } = answer;
    this.#resolve({ status, headers: Object.assign(Object.create(null), headers), body: Buffer.from(body) });
    if (weather.kills('crashAfterAnswer')) kill(this.#life, `after ${this.#request.host} answered`);
  }

  readonly #giveUp = (): void => this.#fail(this.#isSent ? 'outcome_unknown' : 'timeout');

  #settle(): void {
    this.#isSettled = true;
    this.#deadline?.cancel();
    this.#call.signal?.removeEventListener('abort', this.#giveUp);
  }

  #fail(code: 'network' | 'timeout' | 'outcome_unknown'): void {
    if (!this.#life.isAlive || this.#isSettled) return;
    this.#settle();
    const { host, path } = this.#request;
    this.#options.world.note(`${host} ${path}: ${code}`);
    this.#observer.failed(code);
    this.#reject(new IntegrationError(code, `simulated ${code} at ${host}`));
  }
}

function requestOf({ url, method, headers, body = '' }: OutgoingCall): SimRequest {
  const { host, pathname, searchParams } = new URL(url);
  const text = typeof body === 'string' ? body : Buffer.from(body).toString();
  return { method, host, path: pathname, query: searchParams, headers, body: text };
}

function short(body: string): string {
  return body.length > 160 ? `${body.slice(0, 160)}…` : body;
}
