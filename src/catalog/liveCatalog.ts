// The catalog that a running process has: built-in declarations, upstream entries over them, an operator's overrides
// over both. Upstream entries come and go; everybody else holds this object and asks it anew each time. Invariant: what
// it answers changes at once and as a whole, and only to entries that were judged together with all that lies under
// and over them.

import { errorFacts } from '../core/errors.ts';
import type { JsonObject, JsonValue } from '../core/json.ts';
import { CATALOG_NAME_CHARS_MAX, ERROR_MESSAGE_CHARS_MAX } from '../core/limits.ts';
import { BUILT_IN } from './builtIn.ts';
import { type Catalog, type CatalogOverrides, catalogOf, createCatalog, overridden } from './catalog.ts';
import type { ProviderDeclaration } from './schema.ts';
import { credentialProblem, type Problems, parseEntry, withUpstream } from './upstream.ts';

/** An upstream entry that is in use or may be. */
export interface AcceptedEntry {
  readonly name: string;
  /** As upstream has it, unknown keys included: a later version may know them. */
  readonly text: string;
  /** With everything that lies under and over it. */
  readonly declaration: ProviderDeclaration;
  readonly unknownKeys: readonly string[];
}

/** An upstream entry that is not taken. The provider stays as it was. */
export interface RefusedEntry {
  readonly name: string;
  /** Of the first problem: dotted path, or empty for the entry as a whole. */
  readonly field: string;
  readonly reason: string;
}

/** Where what is known of a provider comes from. */
export interface Origin {
  readonly isBuiltIn: boolean;
  readonly isUpstream: boolean;
  readonly isOverridden: boolean;
}

const builtIn = new Map(BUILT_IN.map((declaration) => [declaration.name, declaration]));

export class LiveCatalog implements Catalog {
  readonly #overrides: ReadonlyMap<string, JsonObject>;
  /** Without upstream. */
  readonly #own: ReadonlyMap<string, ProviderDeclaration>;
  readonly #listeners: (() => void)[] = [];
  #upstream: ReadonlyMap<string, AcceptedEntry> = new Map();
  #current: Catalog;

  /**
   * Rejects with `invalid_input` an override that does not fit. One of a provider that is not built in waits for
   * upstream if there is one, and is refused otherwise.
   */
  constructor(overrides: CatalogOverrides = {}, hasUpstream = false) {
    const given = Object.entries(overrides);
    this.#overrides = new Map(given);
    const mayWait = (name: string) => hasUpstream && !builtIn.has(name);
    const own = createCatalog(Object.fromEntries(given.filter(([name]) => !mayWait(name)))).list();
    this.#own = new Map(own.map((declaration) => [declaration.name, declaration]));
    this.#current = catalogOf(this.#own);
  }

  get(name: string): ProviderDeclaration {
    return this.#current.get(name);
  }

  find(name: string): ProviderDeclaration | undefined {
    return this.#current.find(name);
  }

  list(): readonly ProviderDeclaration[] {
    return this.#current.list();
  }

  /** The upstream entries in use, by name. */
  get upstream(): ReadonlyMap<string, AcceptedEntry> {
    return this.#upstream;
  }

  /** Providers that have an override and are not there. */
  get overridesWaiting(): readonly string[] {
    return [...this.#overrides.keys()].filter((name) => this.find(name) === undefined);
  }

  /** A provider as it would be if upstream had never spoken of it. */
  withoutUpstream(name: string): ProviderDeclaration | undefined {
    return this.#own.get(name);
  }

  originOf(name: string): Origin {
    return {
      isBuiltIn: builtIn.has(name),
      isUpstream: this.#upstream.has(name),
      isOverridden: this.#overrides.has(name),
    };
  }

  /** Whether an entry can be taken over. Changes nothing. */
  judge(name: string, raw: JsonValue): AcceptedEntry | RefusedEntry {
    const known = parseEntry(name, raw);
    if ('problems' in known) return refused(name, known);
    const declaration = withUpstream(builtIn.get(name), known.info);
    if ('problems' in declaration) return refused(name, declaration);
    const current = this.find(name);
    const unfit = current === undefined ? null : credentialProblem(current, declaration);
    if (unfit !== null) return refused(name, { problems: [unfit] });
    const entry = { name, text: JSON.stringify(raw), unknownKeys: known.unknownKeys };
    const override = this.#overrides.get(name);
    if (override === undefined) return { ...entry, declaration };
    try {
      return { ...entry, declaration: overridden(declaration, override) };
    } catch (error) {
      const reason = `does not go together with its override: ${errorFacts(error).message}`;
      return refused(name, { problems: [{ field: '', reason }] });
    }
  }

  /** Puts other upstream entries in the place of those there are. */
  replaceUpstream(entries: ReadonlyMap<string, AcceptedEntry>): void {
    this.#upstream = entries;
    const declared = [...entries].map(([name, { declaration }]) => [name, declaration] as const);
    this.#current = catalogOf(new Map([...this.#own, ...declared]));
    for (const listener of this.#listeners) listener();
  }

  /** Calls `listener` after each change: whatever it derived from declarations is out of date. */
  onChanged(listener: () => void): void {
    this.#listeners.push(listener);
  }
}

/** Whatever upstream calls its entries and members, what is told of them is one line and has bounds. */
function refused(name: string, { problems }: Problems): RefusedEntry {
  const [first, ...others] = problems;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  return {
    name: cut(name, CATALOG_NAME_CHARS_MAX),
    field: cut(first?.field ?? '', ERROR_MESSAGE_CHARS_MAX),
    reason: `${cut(first?.reason ?? 'is refused', ERROR_MESSAGE_CHARS_MAX)}${more}`,
  };
}

function cut(text: string, charsMax: number): string {
  const start = text.slice(0, charsMax).replaceAll(/\p{Cc}/gu, '\ufffd');
  return text.length > charsMax ? `${start}…` : start;
}
