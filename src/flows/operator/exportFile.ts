// A project as lines of JSON: a header, a row on each line, and an end that tells a whole file from a cut one.
// docs/operations.md describes the format. Without a passphrase only what is no secret and no customer's data leaves;
// with one the file has everything that another Tenon needs to go on in this one's place. Invariant: what stands open
// in a line opens nothing and is no record of a customer.

import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { PassphraseSeal } from '../../auth/passphrase.ts';
import type { SealedPlace, Vault } from '../../auth/vault.ts';
import { IntegrationError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, jsonOrNull } from '../../core/json.ts';
import { type Ms, toRfc3339 } from '../../core/time.ts';
import { MOVED_TABLES, type Moment, type MovedRow, type MovedTable } from '../../store/moving.ts';
import type { SqlValue } from '../../store/port.ts';
import { SCHEMA_VERSION } from '../../store/schema.ts';
import type { SealedTable } from '../../store/tables/sealed.ts';
import { newSigningSecret } from '../../webhook/sign.ts';
import { signingPlace } from '../destinations.ts';
import { ExportOwners, foreign } from './exportOwners.ts';
import { placeOf } from './sealedPlaces.ts';

const VERSION = 1;
/** What a passphrase is tried on before anything is read. */
const CHECK = 'tenon export';

/** A column that the vault has sealed, and what says where; `name` where the secrets are not called by their table. */
interface SealedColumn {
  readonly name?: SealedTable;
  readonly id: string;
  readonly sealed: string;
  readonly detail?: string;
}

const SEALED: Readonly<Partial<Record<MovedTable, readonly SealedColumn[]>>> = {
  providerApps: [
    { id: 'providerAppId', sealed: 'sealedClientSecret' },
    { name: 'appWebhookSecrets', id: 'providerAppId', sealed: 'sealedWebhookSecret' },
  ],
  destinations: [{ id: 'destinationId', sealed: 'sealedSecrets' }],
  credentials: [{ id: 'connectionId', sealed: 'sealed', detail: 'generation' }],
  writeRequests: [{ id: 'requestId', sealed: 'sealed' }],
  webhookSecrets: [{ id: 'installationId', sealed: 'sealed' }],
  subscriptions: [{ id: 'installationId', sealed: 'sealed', detail: 'generation' }],
  effects: [{ id: 'effectId', sealed: 'result', detail: 'payload' }],
};
/** Columns with records of customers, and with what receivers know senders by: the headers of a destination. */
const HIDDEN: Readonly<Partial<Record<MovedTable, string>>> = {
  inbox: 'event',
  outbox: 'body',
  blobs: 'body',
  destinations: 'metadata',
};
/** Only of use to whoever has the credentials too; or, as hashes of API keys, to whoever guesses at them. */
const WITH_SECRETS: readonly MovedTable[] = [
  ...([
    'apiKeys',
    'credentials',
    'fieldSnapshots',
    'operations',
    'writeRequests',
    'inbox',
    'webhookSecrets',
    'subscriptions',
    'lanes',
    'blobs',
    'outbox',
    'snapshots',
    'effects',
    'quarantine',
  ] as const),
];
/** Without secrets these are read by people and not brought in: they would wait for what is not there. */
const NOT_WITHOUT_SECRETS: readonly MovedTable[] = ['providerApps', 'connections', 'installations', 'checkpoints'];

/** Who seals on the one side and opens on the other. */
export interface Seals {
  readonly vault: Vault;
  readonly seal: PassphraseSeal;
}

/** `seals` is null for an export without secrets. */
export function* exportLines(moment: Moment, projectId: string, seals: Seals | null, nowMs: Ms): Generator<string> {
  const digest = digestOf(seals?.seal ?? null);
  const line = (value: JsonObject) => {
    const text = `${JSON.stringify(value)}\n`;
    digest.update(text);
    return text;
  };
  const secrets = seals === null ? null : { ...seals.seal.derivation, check: seals.seal.seal(CHECK, CHECK) };
  yield line({ tenon: 'export', version: VERSION, schema: SCHEMA_VERSION, exportedAt: toRfc3339(nowMs), secrets });
  let rows = 0;
  for (const table of MOVED_TABLES) {
    if (seals === null && WITH_SECRETS.includes(table)) continue;
    for (const row of moment.rows(table, projectId)) {
      yield line(lineOf(table, row, seals));
      rows += 1;
    }
  }
  yield `${JSON.stringify({ kind: 'end', rows, digest: digest.digest() })}\n`;
}

function lineOf(table: MovedTable, row: MovedRow, seals: Seals | null): JsonObject {
  const columns = hiddenColumns(table);
  const hidden = columns.filter((name) => row[name] !== null);
  const open = Object.fromEntries(Object.entries(row).filter(([name]) => !columns.includes(name))) as JsonObject;
  const line: JsonObject = { kind: table, row: { ...open, ...shownOf(table, row, seals) } };
  if (seals === null || hidden.length === 0) return line;
  const { vault, seal } = seals;
  const plain = hidden.map((name) => {
    const value = row[name];
    const place = placeIn(table, name, row);
    return [name, place === null ? String(value) : vault.open(value as Uint8Array, place).toString('utf8')];
  });
  return { ...line, sealed: seal.seal(JSON.stringify(Object.fromEntries(plain)), JSON.stringify(line)) };
}

function hiddenColumns(table: MovedTable): readonly string[] {
  return [...(SEALED[table] ?? []).map(({ sealed }) => sealed), HIDDEN[table]].filter((name) => name !== undefined);
}

/** Of what is hidden, the part that a clone without secrets needs. */
function shownOf(table: MovedTable, row: MovedRow, seals: Seals | null): JsonObject {
  if (table !== 'destinations' || seals !== null) return {};
  const { url } = JSON.parse(String(row['metadata'])) as { readonly url: string };
  return { metadata: JSON.stringify({ url }) };
}

/** Null for a column that the vault has not sealed. */
function placeIn(table: MovedTable, column: string, row: MovedRow): SealedPlace | null {
  const sealed = SEALED[table]?.find((one) => one.sealed === column);
  if (sealed === undefined) return null;
  const detail = sealed.detail === undefined ? null : (row[sealed.detail] as string | number | null);
  const name = sealed.name ?? (table as SealedTable);
  return placeOf(name, { row: 0, id: String(row[sealed.id]), sealed: null, detail });
}

const header = z.object({
  tenon: z.literal('export'),
  version: z.number(),
  schema: z.number(),
  exportedAt: z.string(),
  secrets: z
    .object({ kdf: z.literal('scrypt'), cost: z.number(), block: z.number(), salt: z.string(), check: z.string() })
    .nullable(),
});

export type ExportHeader = z.infer<typeof header>;

/** Null: the line begins something else. Rejects with `invalid_input` for an export of another version. */
export function parseHeader(line: string): ExportHeader | null {
  const json = jsonOrNull(line);
  if (!isJsonObject(json) || json['tenon'] !== 'export') return null;
  const parsed = header.safeParse(json);
  if (parsed.success && parsed.data.version === VERSION && parsed.data.schema === SCHEMA_VERSION) return parsed.data;
  throw new IntegrationError('invalid_input', 'the export was made by another version of Tenon', {
    remedy: 'Bring the Tenon that it is of to the version of this one, and export again.',
  });
}

/** Rejects with `invalid_input` for another passphrase. */
export function assertOpens(seal: PassphraseSeal, { secrets }: ExportHeader): void {
  if (secrets !== null) seal.open(secrets.check, CHECK);
}

export interface BroughtIn {
  readonly counts: Partial<Record<MovedTable, number>>;
  /** Without secrets: what waits for them. */
  readonly leftOut: Partial<Record<MovedTable, number>>;
}

export interface ReadOptions {
  readonly vault: Vault;
  /** Null for an export without secrets. */
  readonly seal: PassphraseSeal | null;
  /** Another name for the project. */
  readonly as?: string | undefined;
}

/**
 * The rows in an export, sealed for this vault; `told` is counted up. Rejects with `invalid_input` for what was
 * changed, and for a file that does not end, but only there: whoever writes rows keeps none of them then.
 */
export async function* rowsOf(
  lines: AsyncIterable<string>,
  { vault, seal, as }: ReadOptions,
  told: BroughtIn,
): AsyncGenerator<{ readonly table: MovedTable; readonly row: MovedRow }> {
  const digest = digestOf(seal);
  let rows = 0;
  let isFirst = true;
  const owners = new ExportOwners();
  for await (const text of lines) {
    const line = jsonOrNull(text);
    if (isJsonObject(line) && line['kind'] === 'end') {
      if (line['rows'] === rows && line['digest'] === digest.digest()) return owners.assertWhole();
      throw new IntegrationError('invalid_input', 'the export was changed since it was made');
    }
    digest.update(`${text}\n`);
    if (isFirst) {
      isFirst = false;
      continue;
    }
    rows += 1;
    const { table, row, sealed } = parseRow(line);
    if (seal === null && WITH_SECRETS.includes(table)) throw foreign(`has ${table}, and no passphrase vouches for it`);
    owners.assertOwn(table, row);
    if (seal === null && NOT_WITHOUT_SECRETS.includes(table)) {
      told.leftOut[table] = (told.leftOut[table] ?? 0) + 1;
      continue;
    }
    told.counts[table] = (told.counts[table] ?? 0) + 1;
    const whole = table === 'projects' && as !== undefined ? { ...row, name: as } : row;
    yield { table, row: { ...whole, ...hiddenOf(table, row, sealed, vault, seal) } };
  }
  throw new IntegrationError('invalid_input', 'the export does not end: it was cut');
}

function parseRow(line: unknown): { table: MovedTable; row: MovedRow; sealed: string | undefined } {
  if (isJsonObject(line) && isJsonObject(line['row']) && MOVED_TABLES.some((table) => table === line['kind'])) {
    const { kind, row, sealed } = line as { kind: MovedTable; row: MovedRow; sealed?: string };
    return { table: kind, row, sealed };
  }
  throw new IntegrationError('invalid_input', 'a line of the export is none that this version knows');
}

/** The columns that were not open. Without secrets a destination gets a signing key of its own, and has not failed. */
function hiddenOf(
  table: MovedTable,
  row: MovedRow,
  sealed: string | undefined,
  vault: Vault,
  seal: PassphraseSeal | null,
): MovedRow {
  if (seal === null && table === 'destinations') {
    const place = signingPlace(String(row['destinationId']));
    return { sealedSecrets: vault.seal(JSON.stringify([newSigningSecret()]), place), disabledAtMs: null };
  }
  if (sealed === undefined || seal === null) return {};
  const plain = jsonOrNull(seal.open(sealed, JSON.stringify({ kind: table, row })));
  // Nothing else: what stands open was looked at already, and must not be another thing underneath.
  const hidden = hiddenColumns(table);
  const columns = isJsonObject(plain) ? Object.entries(plain).filter(([name]) => hidden.includes(name)) : [];
  const stored = columns.map(([name, value]): [string, SqlValue] => {
    const place = placeIn(table, name, row);
    return [name, place === null ? String(value) : vault.seal(String(value), place)];
  });
  return Object.fromEntries(stored);
}

/** Of all lines: with secrets one that only who has the passphrase can make. */
function digestOf(seal: PassphraseSeal | null): { update(text: string): void; digest(): string } {
  if (seal !== null) return seal.mac();
  const hash = createHash('sha256');
  return { update: (text) => void hash.update(text), digest: () => hash.digest('base64') };
}
