// A proxied answer whose body says more of the provider's limits than its head: that it is a refusal, or what the call
// has cost. It is looked at while it goes by, and the budgets are told once it is complete. The client has the answer
// then; whoever calls next should not be refused as well.

import type { Clock } from '../core/time.ts';
import type { Onlooker } from '../egress/forward.ts';
import { headerValue } from '../egress/headers.ts';
import { Peek } from '../egress/peek.ts';
import type { Answer, LimitsSaid } from '../limits/headers/said.ts';
import { partToLookAt, tellAccepted, tellLimits } from './limitsTold.ts';
import type { ProxyServices } from './proxyRun.ts';
import type { ProxyTarget } from './targets.ts';

/** What is told of one answer. */
export interface BodyToldServices {
  readonly budgets: ProxyServices['budgets'];
  readonly throttle: Pick<ProxyServices['throttle'], 'refused'>;
  readonly clock: Pick<Clock, 'nowMs'>;
}

export class BodyTold implements Onlooker {
  readonly #services: BodyToldServices;
  readonly #target: ProxyTarget;
  readonly #marks: readonly number[];
  readonly #answer: Answer;
  readonly #peek: Peek;

  private constructor(
    services: BodyToldServices,
    target: ProxyTarget,
    marks: readonly number[],
    answer: Answer,
    peek: Peek,
  ) {
    this.#services = services;
    this.#target = target;
    this.#marks = marks;
    this.#answer = answer;
    this.#peek = peek;
  }

  /** Null where the head has told everything. `marks` are those of the lease that the call went with. */
  static of(
    services: BodyToldServices,
    target: ProxyTarget,
    marks: readonly number[],
    answer: Answer,
    rawHeaders: readonly string[],
  ): BodyTold | null {
    const part = partToLookAt(target, answer.status);
    if (part === null || headerValue(rawHeaders, 'content-type')?.includes('json') !== true) return null;
    const peek = new Peek(part, headerValue(rawHeaders, 'content-encoding'));
    return new BodyTold(services, target, marks, answer, peek);
  }

  /** See Onlooker. */
  add(chunk: Buffer): void {
    this.#peek.add(chunk);
  }

  /** See Onlooker. */
  completed(): void {
    const text = this.#peek.text();
    if (text instanceof Promise) void text.then((unpacked) => this.#tell(unpacked));
    else this.#tell(text);
  }

  /** Of an error the head was told at once. */
  #tell(bodyText: string | null): void {
    const { budgets, throttle, clock } = this.#services;
    const isError = this.#answer.status >= 400;
    if (bodyText === null && isError) return;
    if (bodyText === null) {
      tellAccepted(budgets, this.#target, this.#marks, this.#answer, clock);
      return;
    }
    const nowMs = clock.nowMs();
    const said: LimitsSaid = tellLimits(budgets, this.#target, this.#marks, { ...this.#answer, bodyText }, nowMs);
    if (said.isLimited) throttle.refused(this.#target.accountKey, said, nowMs);
  }
}
