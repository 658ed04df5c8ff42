// A config content while it is being changed, in place: whatever is changed is copied before its first change and no
// object twice, so that a mask of 2,000 paths takes as long as its paths and objects together. Invariant: the content
// that it began as, and values that are put into it, stay as they are.

import { isJsonObject, type JsonObject, type JsonValue } from '../core/json.ts';
import type { ConfigAction, ConfigContent } from './config.ts';

type Members = Record<string, JsonValue | undefined>;

export class ConfigDraft {
  /** Copies of ours, which may be changed. */
  readonly #own = new WeakSet<object>();
  readonly #content: Members;
  /** The objects of each action by their names in lower case, as far as they were asked for. */
  readonly #names = new Map<ConfigAction, Map<string, string>>();

  constructor(content: ConfigContent) {
    this.#content = this.#owned(content as JsonObject);
  }

  get content(): JsonObject {
    return this.#content;
  }

  /** Whatever is on the way and no object becomes one. */
  put(steps: readonly string[], value: JsonValue): void {
    this.#names.clear();
    this.#putInto(this.#content, steps, value);
  }

  /** What the content says of an object, whatever the case of its name. */
  object(action: ConfigAction, key: string): JsonValue | undefined {
    const name = this.#nameOf(action, key);
    return name === undefined ? undefined : this.#objects(action)[name];
  }

  /** `config` as the object `key`, in the place of one of another spelling. */
  setObject(action: ConfigAction, key: string, config: JsonValue): void {
    const name = this.#nameOf(action, key);
    if (name !== undefined && name !== key) this.#rename(action, name, key);
    set(this.#objects(action), key, config);
    this.#namesOf(action).set(key.toLowerCase(), key);
  }

  #rename(action: ConfigAction, name: string, key: string): void {
    const renamed = Object.entries(this.#objects(action)).map(([each, value]) => [each === name ? key : each, value]);
    set(this.#member(this.#content, action), 'objects', this.#owned(Object.fromEntries(renamed)) as JsonObject);
  }

  /** The same for a value inside it. */
  putIntoObject(action: ConfigAction, key: string, steps: readonly string[], value: JsonValue): void {
    const object = this.#owned(this.object(action, key));
    this.#putInto(object, steps, value);
    this.setObject(action, key, object as JsonObject);
  }

  removeObject(action: ConfigAction, key: string): void {
    const name = this.#nameOf(action, key);
    if (name !== undefined) delete this.#objects(action)[name];
    this.#namesOf(action).delete(key.toLowerCase());
  }

  #putInto(target: Members, [step, ...rest]: readonly string[], value: JsonValue): void {
    if (step === undefined) return;
    if (rest.length === 0) set(target, step, value);
    else this.#putInto(this.#member(target, step), rest, value);
  }

  #objects(action: ConfigAction): Members {
    return this.#member(this.#member(this.#content, action), 'objects');
  }

  /** A member as an object that may be changed. */
  #member(target: Members, step: string): Members {
    const member = this.#owned(Object.hasOwn(target, step) ? target[step] : undefined);
    set(target, step, member as JsonObject);
    return member;
  }

  #owned(value: JsonValue | undefined): Members {
    if (isJsonObject(value) && this.#own.has(value)) return value as Members;
    const copy: Members = isJsonObject(value) ? { ...value } : {};
    this.#own.add(copy);
    return copy;
  }

  #nameOf(action: ConfigAction, key: string): string | undefined {
    return this.#namesOf(action).get(key.toLowerCase());
  }

  #namesOf(action: ConfigAction): Map<string, string> {
    const known = this.#names.get(action);
    if (known !== undefined) return known;
    const names = new Map(Object.keys(this.#objects(action)).map((name) => [name.toLowerCase(), name]));
    this.#names.set(action, names);
    return names;
  }
}

/** As a member of its own, whatever it is called. */
function set(target: Members, name: string, value: JsonValue | undefined): void {
  if (name === '__proto__') {
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  } else target[name] = value;
}
