// What Tenon acknowledged to its builder: everything that was made and not deleted must be there after a crash,
// everything that was deleted must stay away, and what was asked for and never answered may be either. Pure
// bookkeeping; compared with what a restarted Tenon lists.

export const KINDS = ['destination', 'connection', 'installation'] as const;
export type Kind = (typeof KINDS)[number];

/** One entry of a list of Tenon's. `name` is what it was asked for under, never used twice. */
export interface Listed {
  readonly id: string;
  readonly name: string;
}

interface Shelf {
  /** Names by id. */
  readonly live: Map<string, string>;
  readonly deleted: Set<string>;
  readonly askedNames: Set<string>;
  /** Names of things that were acknowledged before their ids were known. */
  readonly promisedNames: Set<string>;
  /** Ids whose deletion was asked for and not answered. */
  readonly leaving: Set<string>;
}

export class Ledger {
  readonly violations: string[] = [];
  /** Answers that said yes to a change. */
  acknowledged = 0;
  readonly #shelves = new Map(
    KINDS.map((kind): [Kind, Shelf] => [
      kind,
      { live: new Map(), deleted: new Set(), askedNames: new Set(), promisedNames: new Set(), leaving: new Set() },
    ]),
  );
  /** Manifest versions: the last acknowledged one, and the last one asked for. */
  #deployed = 0;
  #asked = 0;

  asks(kind: Kind, name: string): void {
    this.#shelf(kind).askedNames.add(name);
  }

  /** It was acknowledged; which id it has is to be asked. */
  promised(kind: Kind, name: string): void {
    this.#shelf(kind).promisedNames.add(name);
  }

  made(kind: Kind, { id, name }: Listed): void {
    const { live, askedNames, promisedNames } = this.#shelf(kind);
    live.set(id, name);
    askedNames.delete(name);
    promisedNames.delete(name);
    this.acknowledged += 1;
  }

  asksDeletion(kind: Kind, id: string): void {
    this.#shelf(kind).leaving.add(id);
  }

  deleted(kind: Kind, id: string): void {
    const shelf = this.#shelf(kind);
    shelf.leaving.delete(id);
    shelf.live.delete(id);
    shelf.deleted.add(id);
    this.acknowledged += 1;
  }

  /** The next version of the manifest, to be deployed now. */
  asksDeploy(): number {
    this.#asked += 1;
    return this.#asked;
  }

  deployed(version: number): void {
    this.#deployed = version;
    this.acknowledged += 1;
  }

  /** How many objects must be there. */
  get liveCount(): number {
    return this.#shelves.values().reduce((sum, { live }) => sum + live.size, 0);
  }

  /** Compares with what a restarted Tenon lists of a kind; what was open is decided by it. */
  compare(kind: Kind, listed: readonly Listed[]): void {
    const { live, deleted, askedNames, promisedNames, leaving } = this.#shelf(kind);
    const ids = new Set(listed.map(({ id }) => id));
    const names = new Set(listed.map(({ name }) => name));
    for (const name of promisedNames) {
      if (!names.has(name)) this.violations.push(`${kind} ${name} was acknowledged and is not there`);
    }
    promisedNames.clear();
    for (const [id, name] of live) {
      if (ids.has(id)) continue;
      if (!leaving.has(id)) this.violations.push(`${kind} ${name} was acknowledged and is gone`);
      live.delete(id);
      deleted.add(id);
    }
    leaving.clear();
    for (const { id, name } of listed) {
      if (live.has(id)) continue;
      if (deleted.has(id)) this.violations.push(`${kind} ${name} was deleted and came back`);
      else if (!askedNames.has(name)) this.violations.push(`${kind} ${name} is there and nobody asked for it`);
      live.set(id, name);
    }
    askedNames.clear();
  }

  /** Compares the manifest version that a restarted Tenon shows. */
  compareDeployed(version: number): void {
    const { violations } = this;
    if (version < this.#deployed) violations.push(`version ${this.#deployed} was deployed, ${version} is there`);
    if (version > this.#asked) violations.push(`version ${version} is there and nobody deployed it`);
    this.#deployed = version;
  }

  #shelf(kind: Kind): Shelf {
    const shelf = this.#shelves.get(kind);
    if (shelf === undefined) throw new Error(`nothing is called ${kind}`);
    return shelf;
  }
}
