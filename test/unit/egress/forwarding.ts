// What the tests of forwarded calls are made of: a sink, a clock, an egress that may call loopback, and a call.

import { onTestFinished } from 'vitest';
import { SILENCE_CHECK_MS, SILENCE_MS } from '../../../src/core/limits.ts';
import type { Clock } from '../../../src/core/time.ts';
import { parseAllowList } from '../../../src/egress/address.ts';
import { createEgress, type Egress } from '../../../src/egress/egress.ts';
import type { ForwardCall, ForwardHooks } from '../../../src/egress/forward.ts';
import type { Sink } from '../../../src/egress/sink.ts';
import { moment } from './upstream.ts';

/** A sink that records, and that answers each write as it is told. */
export class RecordingSink implements Sink {
  isClosed = false;
  readonly socket = null;
  readonly calls: unknown[] = [];
  body = '';
  hasRoom = true;
  readonly full = moment();
  drained = (): void => {};
  closed = (): void => {};

  head(status: number, statusMessage: string, rawHeaders: string[]): void {
    this.calls.push(['head', status, statusMessage, rawHeaders.filter((_part, index) => index % 2 === 0)]);
  }
  write(chunk: Buffer): boolean {
    this.body += chunk.toString('latin1');
    if (!this.hasRoom) this.full.reach();
    return this.hasRoom;
  }
  onDrain(callback: () => void): void {
    this.drained = callback;
  }
  end(): void {
    this.calls.push('end');
  }
  fail(): void {
    this.calls.push('fail');
  }
  onClose(callback: () => void): void {
    this.closed = callback;
  }
}

/** A clock that stands still until a test fires its timers. */
export interface StoppedClock extends Clock {
  fire(delayMs: number): void;
  /** Goes through the calls for as long as one may be silent; one time more ends it. */
  silence(): void;
}

export function stoppedClock(): StoppedClock {
  const timers = new Set<{ atMs: number; fire: () => void }>();
  return {
    nowMs: () => 0,
    timerAt(atMs, fire) {
      const timer = { atMs, fire };
      timers.add(timer);
      return { cancel: () => timers.delete(timer) };
    },
    fire(delayMs) {
      for (const timer of [...timers]) if (timer.atMs === delayMs && timers.delete(timer)) timer.fire();
    },
    silence() {
      for (let look = 0; look < SILENCE_MS / SILENCE_CHECK_MS; look++) this.fire(SILENCE_CHECK_MS);
    },
  };
}

export function openEgress(clock?: Clock): Egress {
  const egress = createEgress({ allowList: parseAllowList('127.0.0.1'), ...(clock ? { clock } : {}) });
  onTestFinished(() => egress.close());
  return egress;
}

export type Hooks = Omit<ForwardHooks, 'settled'>;

export const acceptAll: Hooks = { accept: () => true };

export function get(origin: string, more: Partial<ForwardCall> = {}): ForwardCall {
  return { origin, path: '/', method: 'GET', headers: [], body: null, ...more };
}
