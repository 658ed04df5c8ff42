// A parser for the part of SOQL the simulator answers: one object, AND-joined conditions, order and limit. Called by
// the Salesforce query route. Pure. Invariant: what it does not understand is refused with the vendor's error code,
// never ignored. Source: https://developer.salesforce.com/docs/atlas.en-us.soql_sosl.meta/soql_sosl/

import type { Comparison } from './fields.ts';

export type Literal =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'datetime'; readonly text: string }
  | { readonly kind: 'number'; readonly number: number }
  | { readonly kind: 'boolean'; readonly isTrue: boolean }
  | { readonly kind: 'null' };

export interface Condition {
  readonly field: string;
  readonly comparison: Comparison | 'IN';
  /** Exactly one, except for `IN`. */
  readonly literals: readonly Literal[];
}

export interface SoqlQuery {
  readonly object: string;
  readonly fields: readonly string[] | 'all' | 'count';
  readonly conditions: readonly Condition[];
  readonly order: { readonly field: string; readonly isDescending: boolean } | null;
  readonly limit: number | null;
}

export type SoqlParse =
  | { readonly kind: 'query'; readonly query: SoqlQuery }
  | { readonly kind: 'malformed'; readonly message: string };

const DATETIME = String.raw`\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d))?`;
/** Quoted text, time, number, word or sign, after any spaces. */
const TOKEN = new RegExp(
  String.raw`\s*(?:('(?:[^'\\]|\\.)*')|(${DATETIME})|(-?\d+(?:\.\d+)?)|([A-Za-z_][\w.]*)|(>=|<=|!=|<>|[=<>(),*]))`,
  'y',
);

interface Token {
  readonly kind: 'text' | 'datetime' | 'number' | 'word' | 'sign';
  readonly text: string;
}

/** Why a text is not a query; never leaves this file. */
class MalformedQuery extends Error {}

export function parseSoql(text: string): SoqlParse {
  try {
    return { kind: 'query', query: new Parser(tokensOf(text)).query() };
  } catch (thrown) {
    if (thrown instanceof MalformedQuery) return { kind: 'malformed', message: thrown.message };
    throw thrown;
  }
}

function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  const source = text.trimEnd();
  let at = 0;
  while (at < source.length) {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(source);
    if (match === null) throw new MalformedQuery(`unexpected token: ${source.slice(at, at + 20).trim()}`);
    const [, quoted, datetime, number, word, sign] = match;
    if (quoted !== undefined) tokens.push({ kind: 'text', text: unquoted(quoted) });
    else if (datetime !== undefined) tokens.push({ kind: 'datetime', text: datetime });
    else if (number !== undefined) tokens.push({ kind: 'number', text: number });
    else if (word !== undefined) tokens.push({ kind: 'word', text: word });
    else tokens.push({ kind: 'sign', text: sign ?? '' });
    at = TOKEN.lastIndex;
  }
  return tokens;
}

function unquoted(quoted: string): string {
  return quoted.slice(1, -1).replaceAll(/\\(.)/g, '$1');
}

const COMPARISONS: Readonly<Record<string, Comparison>> = {
  '=': 'EQ',
  '!=': 'NEQ',
  '<>': 'NEQ',
  '>': 'GT',
  '>=': 'GTE',
  '<': 'LT',
  '<=': 'LTE',
};

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  query(): SoqlQuery {
    this.#word('SELECT');
    const fields = this.#fields();
    this.#word('FROM');
    const object = this.#name();
    const conditions = this.#isWord('WHERE') ? this.#conditions() : [];
    const order = this.#isWord('ORDER') ? this.#order() : null;
    const limit = this.#isWord('LIMIT') ? this.#count() : null;
    const rest = this.#tokens[this.#at];
    if (rest !== undefined) throw new MalformedQuery(`unexpected token: ${rest.text}`);
    if (fields === 'all' && (limit === null || limit > 200)) {
      throw new MalformedQuery('The SOQL FIELDS function must have a LIMIT of at most 200');
    }
    return { object, fields, conditions, order, limit };
  }

  #fields(): SoqlQuery['fields'] {
    const first = this.#name();
    if (this.#isSign('(')) {
      const argument = this.#isSign(')') ? '' : this.#name();
      if (argument !== '') this.#sign(')');
      const call = `${first}(${argument})`.toUpperCase();
      if (call === 'COUNT()') return 'count';
      if (call === 'FIELDS(ALL)' || call === 'FIELDS(STANDARD)') return 'all';
      throw new MalformedQuery(`unexpected token: ${call}`);
    }
    const names = [first];
    while (this.#isSign(',')) names.push(this.#name());
    return names;
  }

  #conditions(): readonly Condition[] {
    const conditions = [this.#condition()];
    while (this.#isWord('AND')) conditions.push(this.#condition());
    return conditions;
  }

  #condition(): Condition {
    const field = this.#name();
    if (this.#isWord('IN')) {
      this.#sign('(');
      const literals = [this.#literal()];
      while (this.#isSign(',')) literals.push(this.#literal());
      this.#sign(')');
      return { field, comparison: 'IN', literals };
    }
    const token = this.#next();
    const comparison = token.kind === 'sign' ? COMPARISONS[token.text] : undefined;
    if (comparison === undefined) throw new MalformedQuery(`unexpected token: ${token.text}`);
    return { field, comparison, literals: [this.#literal()] };
  }

  #literal(): Literal {
    const token = this.#next();
    if (token.kind === 'text') return { kind: 'text', text: token.text };
    if (token.kind === 'datetime') return { kind: 'datetime', text: token.text };
    if (token.kind === 'number') return { kind: 'number', number: Number(token.text) };
    const word = token.text.toLowerCase();
    if (word === 'true' || word === 'false') return { kind: 'boolean', isTrue: word === 'true' };
    if (word === 'null') return { kind: 'null' };
    throw new MalformedQuery(`unexpected token: ${token.text}`);
  }

  #order(): SoqlQuery['order'] {
    this.#word('BY');
    const field = this.#name();
    const isDescending = this.#isWord('DESC');
    if (!isDescending) this.#isWord('ASC');
    return { field, isDescending };
  }

  #count(): number {
    const token = this.#next();
    if (token.kind !== 'number' || !/^\d+$/.test(token.text))
      throw new MalformedQuery(`unexpected token: ${token.text}`);
    return Number(token.text);
  }

  #next(): Token {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new MalformedQuery("unexpected token: '<EOF>'");
    this.#at += 1;
    return token;
  }

  #name(): string {
    const token = this.#next();
    if (token.kind !== 'word') throw new MalformedQuery(`unexpected token: ${token.text}`);
    return token.text;
  }

  #word(expected: string): void {
    if (!this.#isWord(expected)) throw new MalformedQuery(`expecting ${expected}, found ${this.#next().text}`);
  }

  #sign(expected: string): void {
    if (!this.#isSign(expected)) throw new MalformedQuery(`expecting '${expected}', found ${this.#next().text}`);
  }

  /** Takes the next token if it is that keyword, in any case. */
  #isWord(keyword: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'word' || token.text.toUpperCase() !== keyword) return false;
    this.#at += 1;
    return true;
  }

  #isSign(sign: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.kind !== 'sign' || token.text !== sign) return false;
    this.#at += 1;
    return true;
  }
}
