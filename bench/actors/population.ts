// A data folder with as many customers as asked for: one is made by the product, the others are copies of its rows with
// other ids, another group and another alarm, made by SQLite itself in bulk. Keys are random, as the product's are, so
// that pages of the indexes are as full as they would be.

import { closeSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { HOUR_MS, systemClock } from '../../src/core/time.ts';
import type { SqlValue } from '../../src/store/port.ts';
import { openStore } from '../../src/store/store.ts';
import { type Customer, makeCustomer } from './customer.ts';

/** No alarm is due while a bench runs, and then a million of them within as many hours as a night has. */
const FIRST_ALARM_IN_MS = 2 * HOUR_MS;
const ALARMS_SPREAD_MS = 8 * HOUR_MS;
/** Copied at a time: what belongs to one customer lies near together, as it does when customers come one by one. */
const BATCH = 10_000;
/** While copying the tables stay in memory, and nothing is kept for the case of a crash. */
const BULK_PRAGMAS = ['journal_mode = DELETE', 'journal_mode = OFF', 'synchronous = OFF', 'cache_size = -2000000'];

const CUSTOMERS_SQL = `CREATE TABLE IF NOT EXISTS copies.customers
  (n INTEGER PRIMARY KEY, installationId TEXT NOT NULL, connectionId TEXT NOT NULL, wakeAtMs INTEGER NOT NULL)`;
const UUID_SQL = `lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || substr(hex(randomblob(2)), 2) || '-a'
  || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))`;
const NEW_CUSTOMERS_SQL = `INSERT INTO copies.customers
  WITH RECURSIVE numbers (n) AS (SELECT @first UNION ALL SELECT n + 1 FROM numbers WHERE n < @last)
  SELECT n, ${UUID_SQL}, ${UUID_SQL}, @fromMs + abs(random() % @spreadMs) FROM numbers`;

/** One statement that copies one row of the first customer for customers @first to @last. */
interface Copy {
  readonly sql: string;
  readonly params: Readonly<Record<string, SqlValue>>;
}

export interface Member {
  readonly installationId: string;
  readonly connectionId: string;
}

export class Population {
  /** As `TENON_DATA_DIR` takes it. */
  readonly folder: string;
  readonly generation: number;
  readonly #copiesPath: string;
  readonly #copies: readonly Copy[];
  #size = 0;

  private constructor(folder: string, copiesPath: string, copies: readonly Copy[], customer: Customer) {
    this.folder = folder;
    this.generation = customer.generation;
    this.#copiesPath = copiesPath;
    this.#copies = copies;
  }

  /** A new data folder in `parent`, with nobody in it yet but the customer that is copied. */
  static async begin(parent: string): Promise<Population> {
    const folder = join(parent, 'data');
    mkdirSync(folder);
    const onFatal = (error: Error) => {
      throw error;
    };
    const store = await openStore({ folder, writer: 'inThread', onFatal });
    const customer = await makeCustomer(store, systemClock.nowMs() + FIRST_ALARM_IN_MS);
    await store.close();
    const database = new Database(join(folder, 'tenon.db'));
    const copies = copiesOf(database, customer);
    database.close();
    return new Population(folder, join(parent, 'copies.db'), copies, customer);
  }

  get path(): string {
    return join(this.folder, 'tenon.db');
  }

  get bytes(): number {
    return statSync(this.path).size;
  }

  /** Copies until there are `size` customers, and leaves a database as a stopped Tenon leaves it, all of it on disk. */
  grow(size: number, onProgress: (size: number) => void = () => {}): void {
    const database = new Database(this.path);
    for (const pragma of BULK_PRAGMAS) database.pragma(pragma);
    database.exec(`ATTACH '${this.#copiesPath}' AS copies`);
    for (const pragma of ['journal_mode = OFF', 'synchronous = OFF']) database.pragma(`copies.${pragma}`);
    database.exec(CUSTOMERS_SQL);
    const addCustomers = database.prepare(NEW_CUSTOMERS_SQL);
    const copies = this.#copies.map(({ sql, params }) => ({ statement: database.prepare(sql), params }));
    database.exec('BEGIN');
    while (this.#size < size) {
      const [first, last] = [this.#size + 1, Math.min(size, this.#size + BATCH)];
      const fromMs = systemClock.nowMs() + FIRST_ALARM_IN_MS;
      addCustomers.run({ first, last, fromMs, spreadMs: ALARMS_SPREAD_MS });
      for (const { statement, params } of copies) statement.run({ first, last, ...params });
      this.#size = last;
      onProgress(last);
    }
    database.exec('COMMIT');
    database.exec('DETACH copies');
    database.pragma('journal_mode = WAL');
    database.close();
    synchronise(this.path);
  }

  /** Customers at random, no one twice. */
  sample(count: number): readonly Member[] {
    const database = new Database(this.#copiesPath, { readonly: true });
    const statement = database.prepare<[number], Member>(
      'SELECT installationId, connectionId FROM customers WHERE n = ?',
    );
    const numbers = new Set<number>();
    while (numbers.size < Math.min(count, this.#size)) numbers.add(1 + Math.floor(Math.random() * this.#size));
    const members = [...numbers].flatMap((n) => statement.get(n) ?? []);
    database.close();
    return members;
  }
}

/** Writing it back later would slow down whatever is measured next. */
function synchronise(path: string): void {
  const file = openSync(path, 'r');
  fsyncSync(file);
  closeSync(file);
}

/** Every row that names the customer, in whatever table it is. */
function copiesOf(database: Database.Database, customer: Customer): readonly Copy[] {
  const tables = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all() as string[];
  return tables.flatMap((table) => {
    const rows = database.prepare(`SELECT * FROM ${table}`).all() as Record<string, SqlValue>[];
    const keys = database.prepare(`SELECT name FROM pragma_table_info('${table}') WHERE type = 'INTEGER' AND pk = 1`);
    const numbered = new Set(keys.pluck().all() as string[]);
    return rows.filter((row) => isOf(customer, row)).map((row) => copyOf(table, row, numbered, customer));
  });
}

function isOf({ installationId, connectionId }: Customer, row: Readonly<Record<string, SqlValue>>): boolean {
  const texts = Object.values(row).filter((value) => typeof value === 'string');
  return texts.some((text) => text.includes(installationId) || text.includes(connectionId));
}

/** `numbered` are the columns that SQLite counts by itself. */
function copyOf(
  table: string,
  row: Readonly<Record<string, SqlValue>>,
  numbered: ReadonlySet<string>,
  customer: Customer,
): Copy {
  const entries = Object.entries(row).filter(([column]) => !numbered.has(column));
  const params: Record<string, SqlValue> = {};
  const expressions = entries.map(([column, value]) => {
    if (value === customer.wakeAtMs) return 'wakeAtMs';
    params[column] = value;
    return typeof value === 'string' ? replacedSql(`@${column}`, value, customer) : `@${column}`;
  });
  const columns = entries.map(([column]) => column).join(', ');
  const sql = `INSERT INTO ${table} (${columns})
    SELECT ${expressions.join(', ')} FROM copies.customers WHERE n BETWEEN @first AND @last`;
  return { sql, params };
}

function replacedSql(given: string, text: string, customer: Customer): string {
  const own = [
    [customer.installationId, 'installationId'],
    [customer.connectionId, 'connectionId'],
    [customer.groupRef, "'customer-' || n"],
    [String(customer.wakeAtMs), 'wakeAtMs'],
  ] as const;
  return own.reduce((sql, [part, by]) => (text.includes(part) ? `replace(${sql}, '${part}', ${by})` : sql), given);
}
