// What the providers know of every grant: which tokens they handed out, which of them were seen in use, and how many
// refreshes were under way at once. Pure bookkeeping over what passes the front (`front.ts`) and over what a dead
// process left on disk; it says what must not have happened. Lives count the processes of Tenon, from 1.

/** What a token endpoint handed out at one time. */
interface Rotation {
  readonly refreshToken: string;
  readonly accessToken: string;
  /** The process that asked. */
  readonly life: number;
  /** Tenon was seen to use or to keep it: from then on it must not be lost. */
  isKept: boolean;
}

interface Grant {
  readonly rotations: Rotation[];
  underWay: number;
}

/** A refresh on its way through a token endpoint. */
export interface Refresh {
  readonly life: number;
  /** Null where the token is nobody's. */
  readonly grant: Grant | null;
  /** The token had been rotated and its successor never got home: the provider may end the grant. */
  readonly isRepeat: boolean;
}

export class Grants {
  readonly violations: string[] = [];
  /** Refreshes that a provider performed. */
  refreshes = 0;
  /** Rotations whose answer died with a process before it was on disk, as far as a later refresh showed. */
  lostAnswers = 0;
  readonly #byToken = new Map<string, { readonly grant: Grant; readonly rotation: Rotation }>();

  /** A code was traded for tokens. */
  issued(refreshToken: string, accessToken: string, life: number): void {
    this.#add({ rotations: [], underWay: 0 }, refreshToken, accessToken, life);
  }

  /** A refresh arrived. */
  began(refreshToken: string, life: number): Refresh {
    const known = this.#byToken.get(refreshToken);
    if (known === undefined) {
      this.violations.push('a refresh came with a token that nobody handed out');
      return { life, grant: null, isRepeat: false };
    }
    const { grant } = known;
    grant.underWay += 1;
    if (grant.underWay > 1) this.violations.push(`${grant.underWay} refreshes of one grant were under way at once`);
    const later = laterThan(grant, refreshToken);
    if (later.length > 0) this.lostAnswers += 1;
    for (const { isKept, life: rotatedIn } of later) {
      if (isKept) this.violations.push('a rotation that had been used or stored was lost');
      if (rotatedIn === life) this.violations.push('a rotated token was used again by the process that rotated it');
    }
    return { life, grant, isRepeat: later.length > 0 };
  }

  /** The provider performed it; whether the answer gets home is another matter. */
  performed({ grant, life }: Refresh, refreshToken: string, accessToken: string): void {
    this.refreshes += 1;
    if (grant !== null) this.#add(grant, refreshToken, accessToken, life);
  }

  /** The provider refused it. */
  refused({ isRepeat }: Refresh, why: string): void {
    if (!isRepeat) this.violations.push(`a refresh was refused: ${why}`);
  }

  /** Its connection is done: answered to the last byte, or gone. */
  ended({ grant }: Refresh): void {
    if (grant !== null) grant.underWay -= 1;
  }

  /** A call was made with this access token: first use comes after the commit. */
  used(accessToken: string): void {
    const known = this.#byToken.get(accessToken);
    if (known !== undefined) known.rotation.isKept = true;
  }

  /** The newest token of a grant that was found on disk, in a credential or in a refresh's stored answer. */
  stored(refreshToken: string): void {
    const known = this.#byToken.get(refreshToken);
    if (known === undefined) {
      this.violations.push('there is a token on disk that nobody handed out');
      return;
    }
    const { grant } = known;
    const later = laterThan(grant, refreshToken);
    if (later.some(({ isKept }) => isKept)) this.violations.push('the disk has an older token than one that was used');
    const newest = grant.rotations.findLast((rotation) => rotation.refreshToken === refreshToken);
    if (newest !== undefined) newest.isKept = true;
  }

  #add(grant: Grant, refreshToken: string, accessToken: string, life: number): void {
    const rotation = { refreshToken, accessToken, life, isKept: false };
    grant.rotations.push(rotation);
    this.#byToken.set(refreshToken, { grant, rotation });
    this.#byToken.set(accessToken, { grant, rotation });
  }
}

/** What came after a refresh token; nothing where the provider hands out the same one each time. */
function laterThan({ rotations }: Grant, refreshToken: string): readonly Rotation[] {
  return rotations.slice(rotations.findLastIndex((rotation) => rotation.refreshToken === refreshToken) + 1);
}
