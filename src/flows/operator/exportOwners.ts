// Whether all that an export brings belongs to its one project, whoever wrote the file: without a passphrase anybody
// can. Rows that do not name the project name something of it: a revision its integration, a credential its
// connection, an actor what it is for. Invariant: nothing gets into another project, or refers to what another has.

import { IntegrationError } from '../../core/errors.ts';
import type { MovedRow, MovedTable } from '../../store/moving.ts';
import type { SqlValue } from '../../store/port.ts';
import { isKeptToProject } from '../apiKeys.ts';

/** What other rows name. */
const IDS = {
  topics: 'topicId',
  providerApps: 'providerAppId',
  destinations: 'destinationId',
  integrations: 'integrationId',
  revisions: 'revisionId',
  connections: 'connectionId',
  installations: 'installationId',
  operations: 'operationId',
  blobs: 'blobId',
} as const satisfies Partial<Record<MovedTable, string>>;

type Named = keyof typeof IDS;

/** Columns that name a row of the same file, which comes before, or nothing where that may be. */
const REFERENCES: Readonly<Partial<Record<MovedTable, Readonly<Record<string, Named>>>>> = {
  eventTopicRoutes: { topicId: 'topics' },
  topicDestinationRoutes: { topicId: 'topics', destinationId: 'destinations' },
  revisions: { integrationId: 'integrations' },
  connections: { providerAppId: 'providerApps' },
  credentials: { connectionId: 'connections' },
  installations: { integrationId: 'integrations', revisionId: 'revisions', connectionId: 'connections' },
  checkpoints: { installationId: 'installations' },
  fieldSnapshots: { installationId: 'installations' },
  writeRequests: { installationId: 'installations', operationId: 'operations' },
  inbox: { installationId: 'installations' },
  webhookSecrets: { installationId: 'installations' },
  subscriptions: { installationId: 'installations', connectionId: 'connections' },
  lanes: { laneId: 'destinations' },
  outbox: { laneId: 'destinations', blobId: 'blobs', lastBlobId: 'blobs' },
};

/** Of these columns, those that may be null. */
const OPTIONAL: ReadonlySet<string> = new Set(['providerAppId', 'blobId', 'lastBlobId']);

/** Tables that have no column for the project. */
const WITHOUT_PROJECT: ReadonlySet<MovedTable> = new Set([
  ...([
    'revisions',
    'credentials',
    'checkpoints',
    'writeRequests',
    'inbox',
    'webhookSecrets',
    'subscriptions',
    'fieldSnapshots',
    'lanes',
    'outbox',
  ] as const),
  ...(['snapshots', 'effects', 'quarantine'] as const),
]);

/** What the actors of these rows are for, by the kind that their ids begin with. */
const ACTORS: Readonly<Record<string, Named>> = {
  credential: 'connections',
  providerApp: 'providerApps',
  installation: 'installations',
  subscription: 'installations',
  read: 'installations',
  inbox: 'installations',
  schemaWatch: 'installations',
  write: 'installations',
  writeBatch: 'installations',
  delivery: 'destinations',
};

export class ExportOwners {
  readonly #ids = new Map<Named, Set<SqlValue>>();
  /** Latest revisions of integrations, which come after them. */
  readonly #revisionsAwaited = new Set<SqlValue>();
  #projectId: SqlValue | undefined;

  /** Rejects with `invalid_input` for what is not the project's, and a key that opens more than a project. */
  assertOwn(table: MovedTable, row: MovedRow): void {
    const isFirst = this.#projectId === undefined;
    if (isFirst !== (table === 'projects')) throw foreign('is of more than one project');
    if (isFirst) this.#projectId = row['projectId'];
    else if (!WITHOUT_PROJECT.has(table) && row['projectId'] !== this.#projectId)
      throw foreign('is of more than one project');
    for (const [column, named] of Object.entries(REFERENCES[table] ?? {})) {
      if (row[column] == null && OPTIONAL.has(column)) continue;
      if (!this.#has(named, row[column])) throw foreign(`has a row of ${table} whose ${column} is not in it`);
    }
    if (Object.hasOwn(row, 'actorId') && table !== 'checkpoints') this.#assertActor(table, String(row['actorId']));
    if (table === 'apiKeys' && !isKeptToProject({ scopes: String(row['scopes']) }))
      throw foreign('has a key that opens more than its project');
    if (table === 'integrations') this.#revisionsAwaited.add(row['revisionId'] ?? null);
    if (Object.hasOwn(IDS, table)) this.#add(table as Named, row);
  }

  /** At the end: rejects if something is named that did not come. */
  assertWhole(): void {
    if (this.#revisionsAwaited.size > 0) throw foreign('has an integration whose revision is not in it');
  }

  #assertActor(table: MovedTable, actorId: string): void {
    const [, kind = '', id = ''] = /^(\w+):([^/]*)/.exec(actorId) ?? [];
    const named = ACTORS[kind];
    if (named === undefined || !this.#has(named, id)) throw foreign(`has a row of ${table} whose actor is not in it`);
  }

  #has(table: Named, id: SqlValue | undefined): boolean {
    return id !== undefined && this.#ids.get(table)?.has(id) === true;
  }

  #add(table: Named, row: MovedRow): void {
    const id = row[IDS[table]] ?? null;
    const ids = this.#ids.get(table) ?? new Set();
    this.#ids.set(table, ids.add(id));
    if (table === 'revisions') this.#revisionsAwaited.delete(id);
  }
}

/** An error that says what is wrong with a file. */
export function foreign(why: string): IntegrationError {
  return new IntegrationError('invalid_input', `the export ${why}`);
}
