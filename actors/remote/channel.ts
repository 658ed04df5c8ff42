// Messages between the owner thread and one edge thread: told, or asked and answered. What is said in one turn of the
// event loop goes as one message, because waking the other thread costs more than what is said. Invariants: messages
// arrive in their order; a question is answered exactly once, also when the other side ends.

import { type ErrorCode, errorFacts, type InputIssue, IntegrationError } from '../../src/core/errors.ts';
import { QUESTIONS_OPEN_MAX } from '../../src/core/limits.ts';
import type { Ms } from '../../src/core/time.ts';

/** What a channel needs of a `MessagePort` or a `Worker`. */
export interface Port {
  postMessage(batch: readonly Envelope[]): void;
  on(event: 'message', listener: (batch: readonly Envelope[]) => void): unknown;
}

type Envelope =
  | { readonly kind: 'told'; readonly topic: string; readonly body: unknown }
  | { readonly kind: 'asked'; readonly topic: string; readonly body: unknown; readonly id: number }
  | { readonly kind: 'answered'; readonly id: number; readonly body: unknown }
  | { readonly kind: 'refused'; readonly id: number; readonly error: SentError }
  | { readonly kind: 'left'; readonly id: number };

/** Whoever asked. */
export interface Asker {
  /** Aborts when they no longer wait for the answer. */
  gone(): AbortSignal;
}

/** An `IntegrationError` as data: a copy made by the port would be a plain `Error`. */
interface SentError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly publicDetail: string | undefined;
  readonly retryAtMs: Ms | undefined;
  readonly isRetryable: boolean | undefined;
  readonly upstreamStatus: number | undefined;
  readonly remedy: string | undefined;
  readonly issues: readonly InputIssue[] | undefined;
}

interface Question {
  readonly resolve: (body: unknown) => void;
  readonly reject: (error: IntegrationError) => void;
  readonly late: ((body: unknown) => void) | undefined;
}

/** Of whoever asks. */
interface Asking<T> {
  /** When it aborts the other side hears of it, and answers as it likes. */
  readonly gone?: AbortSignal | undefined;
  /** Takes an answer that comes after `silence` rejected the question: what it hands out is in no other hands. */
  late?(body: T): void;
}

/** One end of the way to another thread. */
export class Channel {
  readonly #port: Port;
  readonly #listeners = new Map<string, (body: unknown) => void>();
  readonly #answerers = new Map<string, (body: unknown, asker: Asker) => unknown>();
  /** Askers that somebody wants to hear of. */
  readonly #askers = new Map<number, AbortController>();
  readonly #questions = new Map<number, Question>();
  /** Those who were told that nobody answers, and want the answer all the same. */
  readonly #late = new Map<number, (body: unknown) => void>();
  #batch: Envelope[] = [];
  #nextId = 1;
  /** Why nothing is asked any more, or for the time being. */
  #silence: IntegrationError | null = null;

  constructor(port: Port) {
    this.#port = port;
    port.on('message', (batch) => {
      for (const envelope of batch) this.#receive(envelope);
    });
  }

  /** Says something that needs no answer. */
  tell(topic: string, body: unknown): void {
    this.#send({ kind: 'told', topic, body });
  }

  /**
   * Rejects as the other side does, with `overloaded` if too many questions are open or nobody answers just now.
   */
  ask<T>(topic: string, body: unknown, { gone, late }: Asking<T> = {}): Promise<T> {
    if (this.#silence !== null) return Promise.reject(this.#silence);
    if (this.#questions.size >= QUESTIONS_OPEN_MAX) {
      return Promise.reject(new IntegrationError('overloaded', 'too many calls wait for the owner thread'));
    }
    return new Promise<T>((resolve, reject) => {
      const id = this.#nextId;
      this.#nextId += 1;
      const take = resolve as (body: unknown) => void;
      this.#questions.set(id, { resolve: take, reject, late: late as Question['late'] });
      this.#send({ kind: 'asked', topic, body, id });
      gone?.addEventListener('abort', () => {
        if (this.#questions.has(id)) this.#send({ kind: 'left', id });
      });
    });
  }

  /** What is told under a topic; one listener each. */
  onTold<T>(topic: string, listener: (body: T) => void): void {
    this.#listeners.set(topic, listener as (body: unknown) => void);
  }

  /** Answers what is asked under a topic; what it throws or rejects with reaches the other side. */
  onAsked<T>(topic: string, answer: (body: T, asker: Asker) => unknown): void {
    this.#answerers.set(topic, answer as (body: unknown, asker: Asker) => unknown);
  }

  /** Open questions, and those that come until `resume`, are rejected: nobody answers. */
  silence(error: IntegrationError): void {
    this.#silence = error;
    const open = [...this.#questions];
    this.#questions.clear();
    for (const [id, { reject, late }] of open) {
      if (late !== undefined) this.#late.set(id, late);
      reject(error);
    }
  }

  /** The other side answers again. What it says to questions that were rejected is for `late`. */
  resume(): void {
    this.#silence = null;
  }

  #receive(envelope: Envelope): void {
    if (envelope.kind === 'told') this.#listeners.get(envelope.topic)?.(envelope.body);
    else if (envelope.kind === 'asked') this.#answer(envelope);
    else if (envelope.kind === 'left') this.#askers.get(envelope.id)?.abort();
    else {
      const question = this.#questions.get(envelope.id);
      this.#questions.delete(envelope.id);
      const late = this.#late.get(envelope.id);
      this.#late.delete(envelope.id);
      if (envelope.kind === 'refused') question?.reject(received(envelope.error));
      else if (question !== undefined) question.resolve(envelope.body);
      else late?.(envelope.body);
    }
  }

  #answer({ topic, body, id }: Extract<Envelope, { kind: 'asked' }>): void {
    const answered = (answer: unknown) => {
      this.#askers.delete(id);
      this.#send({ kind: 'answered', id, body: answer });
    };
    const refused = (error: unknown) => {
      this.#askers.delete(id);
      this.#send({ kind: 'refused', id, error: sent(error) });
    };
    try {
      const answer = this.#answerers.get(topic)?.(body, { gone: () => this.#gone(id) });
      if (answer instanceof Promise) answer.then(answered, refused);
      else answered(answer);
    } catch (error) {
      refused(error);
    }
  }

  #gone(id: number): AbortSignal {
    const asker = this.#askers.get(id) ?? new AbortController();
    this.#askers.set(id, asker);
    return asker.signal;
  }

  #send(envelope: Envelope): void {
    this.#batch.push(envelope);
    if (this.#batch.length > 1) return;
    setImmediate(() => {
      const batch = this.#batch;
      this.#batch = [];
      this.#port.postMessage(batch);
    });
  }
}

function sent(error: unknown): SentError {
  const { code, message } = errorFacts(error);
  const known = error instanceof IntegrationError ? error : undefined;
  return {
    code,
    message,
    publicDetail: known?.publicDetail ?? 'internal error',
    retryAtMs: known?.retryAtMs,
    isRetryable: known?.isRetryable,
    upstreamStatus: known?.upstreamStatus,
    remedy: known?.remedy,
    issues: known?.issues,
  };
}

function received({ code, message, ...facts }: SentError): IntegrationError {
  const options = Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined));
  return new IntegrationError(code, message, options);
}
