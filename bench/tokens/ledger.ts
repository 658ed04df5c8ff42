// The books of the token endpoint: every request for every grant, how many were under way at once, which tokens were
// used in calls. Pure bookkeeping over what the endpoint sees. A token's text says whose it is and which in the
// row: the endpoint, the data folder and the audit need no list of 10,000 of them.

/** Of a refresh token; an access token has the same. */
export interface TokenName {
  readonly kind: 'access' | 'refresh';
  readonly grant: number;
  /** The tokens that a grant begins with are of generation 0. */
  readonly generation: number;
}

/** Tokens of real providers are of about this length. */
const TOKEN_CHARS = 96;

export function tokenText({ kind, grant, generation }: TokenName): string {
  return `${kind}.${grant}.${generation}.`.padEnd(TOKEN_CHARS, 'x');
}

export function tokenNameOf(text: string): TokenName | null {
  const [, kind, grant, generation] = /^(access|refresh)\.(\d+)\.(\d+)\.x+$/.exec(text) ?? [];
  if (kind === undefined) return null;
  return { kind: kind as TokenName['kind'], grant: Number(grant), generation: Number(generation) };
}

/** One request at the token endpoint. */
export interface TokenRequest {
  readonly grant: number;
  /** Of the refresh token that came. */
  readonly generation: number;
  /** `reused`: a refresh token came again and ends the grant. `refused`: the grant had ended before. */
  readonly outcome: 'rotated' | 'reused' | 'refused';
  readonly beganAtMs: number;
  /** When its connection was done with it; null while it is under way. */
  endedAtMs: number | null;
  /** The last byte of the answer went to the system; it may still have died with who waited for it. */
  isSent: boolean;
}

interface Grant {
  /** Of the tokens that are good. */
  generation: number;
  revokedAtMs: number | null;
  underWay: number;
  underWayMax: number;
  /** The newest access token that was used in a call; -1: none. */
  usedGeneration: number;
}

export type GrantBook = Readonly<Omit<Grant, 'underWay'>>;

/** The books when a storm is over; what a process tells another. */
export interface LedgerReport {
  readonly requests: readonly TokenRequest[];
  readonly grants: readonly GrantBook[];
  /** Requests under way at once, of all grants. */
  readonly underWayMax: number;
  /** Requests with a token that nobody handed out. */
  readonly strangers: number;
  /** Calls with an access token that is not the newest one, or of a grant that has ended. */
  readonly refusedCalls: number;
}

/** Rotates refresh tokens, and ends a grant whose used one comes back. */
export class TokenLedger {
  readonly requests: TokenRequest[] = [];
  /** Requests whose answer was sent. */
  sent = 0;
  readonly #grants: readonly Grant[];
  #underWay = 0;
  #underWayMax = 0;
  #strangers = 0;
  #refusedCalls = 0;

  constructor(grants: number) {
    const grant = { generation: 0, revokedAtMs: null, underWay: 0, underWayMax: 0, usedGeneration: -1 };
    this.#grants = Array.from({ length: grants }, () => ({ ...grant }));
  }

  /** A request arrived: the provider does what it asks for, whether or not the answer arrives. Null: a stranger's. */
  began(refreshToken: string, atMs: number): TokenRequest | null {
    const name = tokenNameOf(refreshToken);
    const grant = name?.kind === 'refresh' ? this.#grants[name.grant] : undefined;
    if (name === null || grant === undefined || name.generation > grant.generation) {
      this.#strangers += 1;
      return null;
    }
    this.#underWay += 1;
    this.#underWayMax = Math.max(this.#underWayMax, this.#underWay);
    grant.underWay += 1;
    grant.underWayMax = Math.max(grant.underWayMax, grant.underWay);
    const outcome = outcomeOf(grant, name.generation);
    if (outcome === 'rotated') grant.generation += 1;
    if (outcome === 'reused') grant.revokedAtMs = atMs;
    const { generation } = name;
    const request: TokenRequest = {
      grant: name.grant,
      generation,
      outcome,
      beganAtMs: atMs,
      endedAtMs: null,
      isSent: false,
    };
    this.requests.push(request);
    return request;
  }

  /** Its connection has the whole answer (`isSent`), or is gone. */
  ended(request: TokenRequest, atMs: number, isSent: boolean): void {
    request.endedAtMs = atMs;
    request.isSent = isSent;
    if (isSent) this.sent += 1;
    this.#underWay -= 1;
    const grant = this.#grants[request.grant];
    if (grant !== undefined) grant.underWay -= 1;
  }

  /** A call came with this access token; whether it is let in. */
  isLetIn(accessToken: string): boolean {
    const name = tokenNameOf(accessToken);
    const grant = name?.kind === 'access' ? this.#grants[name.grant] : undefined;
    if (name === null || grant?.generation !== name.generation || grant.revokedAtMs !== null) {
      this.#refusedCalls += 1;
      return false;
    }
    grant.usedGeneration = name.generation;
    return true;
  }

  report(): LedgerReport {
    const grants = this.#grants.map(({ underWay: _, ...book }) => book);
    const [underWayMax, strangers, refusedCalls] = [this.#underWayMax, this.#strangers, this.#refusedCalls];
    return { requests: this.requests, grants, underWayMax, strangers, refusedCalls };
  }
}

function outcomeOf({ generation, revokedAtMs }: Grant, presented: number): TokenRequest['outcome'] {
  if (revokedAtMs !== null) return 'refused';
  return presented === generation ? 'rotated' : 'reused';
}
