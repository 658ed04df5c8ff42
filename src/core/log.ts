// Log lines: JSON, one per line, buffered. Secrets cannot reach a line by accident: values that hold one are
// wrapped in `Secret`, which prints as `[secret]` wherever it is printed, and keys that usually name one are
// censored besides.

import { type DestinationStream, destination, type Logger, pino } from 'pino';
import { LOG_BUFFER_BYTES, LOG_WAITING_BYTES_MAX } from './limits.ts';

/** What code logs to. */
export type Log = Logger;

/** Keys whose values never appear in a line, at the top level or one below it; as our code and as OAuth spells them. */
const CENSORED_KEYS = [
  'authorization',
  'Authorization',
  'cookie',
  'set-cookie',
  'access_token',
  'refresh_token',
  'id_token',
  'client_secret',
  'password',
  'secret',
  'token',
  'accessToken',
  'refreshToken',
  'apiKey',
  'clientSecret',
  'x-api-key',
];

/** Level and target of a log. */
export interface LogOptions {
  readonly level: string;
  /** Where lines go; the process's standard output if absent. */
  readonly stream?: DestinationStream;
}

/** Lines below `error` may wait in a buffer until it is full or `flush` is called; the caller flushes on a timer and at exit. */
export function createLog(options: LogOptions): Log {
  const stream =
    options.stream ??
    destination({ fd: 1, minLength: LOG_BUFFER_BYTES, maxLength: LOG_WAITING_BYTES_MAX, sync: false });
  return pino(
    {
      level: options.level,
      base: null,
      redact: { paths: CENSORED_KEYS.flatMap((key) => [`["${key}"]`, `*["${key}"]`]), censor: '[secret]' },
    },
    stream,
  );
}

/** A log that drops everything, for tests and for library use. */
export function silentLog(): Log {
  return pino({ level: 'silent' });
}

/** A value that must never be printed. `reveal()` is the only way to it. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return '[secret]';
  }

  toJSON(): string {
    return '[secret]';
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return '[secret]';
  }
}
