// The tables, as an append-only list of migration steps. A step that has shipped never changes; the database's
// `user_version` counts the steps it has seen. Times are epoch milliseconds; JSON is text; names match the code.

import { FIRST } from './firstSchema.ts';

/**
 * Snapshots carry their actor's last events in the same row: in a table of their own they halved the steps per second
 * (23,000 against 40,000), because each step then wrote two pages. A row with an empty `state` is blank: its actor has
 * ended or was paused before its first commit, and only its revision counts.
 */
const HISTORY = `
DROP INDEX snapshots_wake;
ALTER TABLE snapshots RENAME TO snapshotsBefore;
CREATE TABLE snapshots (
  seq INTEGER PRIMARY KEY,
  actorId TEXT NOT NULL UNIQUE,
  schemaVersion INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  wakeAtMs INTEGER,
  pausedReason TEXT,
  pausedAtMs INTEGER,
  state TEXT NOT NULL,
  base TEXT NOT NULL,
  events TEXT NOT NULL,
  olderBase TEXT,
  olderEvents TEXT
);
INSERT INTO snapshots (actorId, schemaVersion, revision, wakeAtMs, pausedReason, state, base, events)
  SELECT actorId, schemaVersion, revision, wakeAtMs, pausedReason, state,
    '{"revision":' || revision || ',"schemaVersion":' || schemaVersion || ',"state":' || state || '}', ''
  FROM snapshotsBefore;
DROP TABLE snapshotsBefore;
CREATE INDEX snapshots_wake ON snapshots (wakeAtMs, actorId) WHERE wakeAtMs IS NOT NULL AND pausedReason IS NULL;
CREATE INDEX snapshots_blank ON snapshots (actorId) WHERE state = '';
CREATE INDEX snapshots_paused ON snapshots (actorId) WHERE pausedReason IS NOT NULL;

ALTER TABLE effects ADD COLUMN targetId TEXT NOT NULL DEFAULT '';
UPDATE effects SET targetId =
  CASE WHEN payload ->> '$.type' = 'effect.send' THEN payload ->> '$.to' ELSE actorId END;
CREATE INDEX effects_target ON effects (targetId);

ALTER TABLE quarantine ADD COLUMN effectId TEXT;
CREATE INDEX quarantine_actor ON quarantine (actorId);

CREATE INDEX installations_revision ON installations (integrationId, revisionId);
CREATE INDEX outbox_operation ON outbox (operationId) WHERE operationId IS NOT NULL;
CREATE INDEX outbox_blob ON outbox (blobId) WHERE blobId IS NOT NULL;
`;

/** Whose account a connection is at the provider, and the connections of a provider app in their order. */
const FLEETS = `
ALTER TABLE connections ADD COLUMN providerConsumerRef TEXT;
CREATE INDEX connections_app ON connections (providerAppId, connectionId) WHERE providerAppId IS NOT NULL;
`;

/** What an upstream catalog said last and could be used. A provider that it no longer has keeps its row. */
const CATALOG = `
CREATE TABLE catalogEntries (
  name TEXT PRIMARY KEY,
  entry TEXT NOT NULL,
  acceptedAtMs INTEGER NOT NULL,
  missingSinceMs INTEGER
);
`;

/** Windows of calls that outlive a process. */
const BUDGETS = `
CREATE TABLE budgets (budgetKey TEXT PRIMARY KEY, state TEXT NOT NULL, endsAtMs INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX budgets_end ON budgets (endsAtMs);
`;

/**
 * The builder's own things: keys that customers' browsers are trusted by, topics of notifications, uploads of the CLI;
 * and lists of operations that are as fast at any depth.
 */
const PLATFORM = `
ALTER TABLE apiKeys ADD COLUMN expiresAtMs INTEGER;
ALTER TABLE apiKeys ADD COLUMN updatedAtMs INTEGER;
CREATE INDEX apiKeys_project ON apiKeys (projectId, createdAtMs);

CREATE TABLE jwtKeys (
  jwtKeyId TEXT PRIMARY KEY,
  projectId TEXT NOT NULL,
  label TEXT NOT NULL,
  publicKeyPem TEXT NOT NULL,
  isActive INTEGER NOT NULL,
  createdAtMs INTEGER NOT NULL,
  updatedAtMs INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX jwtKeys_project ON jwtKeys (projectId, createdAtMs);

CREATE TABLE topics (
  topicId TEXT PRIMARY KEY,
  projectId TEXT NOT NULL,
  name TEXT NOT NULL,
  createdAtMs INTEGER NOT NULL,
  updatedAtMs INTEGER,
  UNIQUE (projectId, name)
) WITHOUT ROWID;

CREATE TABLE eventTopicRoutes (
  routeId TEXT PRIMARY KEY,
  projectId TEXT NOT NULL,
  eventType TEXT NOT NULL,
  topicId TEXT NOT NULL,
  createdAtMs INTEGER NOT NULL,
  UNIQUE (projectId, eventType, topicId)
) WITHOUT ROWID;
CREATE INDEX eventTopicRoutes_topic ON eventTopicRoutes (topicId);

CREATE TABLE topicDestinationRoutes (
  routeId TEXT PRIMARY KEY,
  projectId TEXT NOT NULL,
  topicId TEXT NOT NULL,
  destinationId TEXT NOT NULL,
  createdAtMs INTEGER NOT NULL,
  UNIQUE (projectId, topicId, destinationId)
) WITHOUT ROWID;
CREATE INDEX topicDestinationRoutes_topic ON topicDestinationRoutes (topicId);
CREATE INDEX topicDestinationRoutes_destination ON topicDestinationRoutes (destinationId);

CREATE TABLE uploads (
  uploadId TEXT PRIMARY KEY,
  projectId TEXT,
  body TEXT NOT NULL,
  expiresAtMs INTEGER NOT NULL
);
CREATE INDEX uploads_expiry ON uploads (expiresAtMs);

DROP INDEX operations_installation;
CREATE INDEX operations_installation ON operations (installationId, createdAtMs, operationId);
`;

/** Read objects that a revision left out and that are read on where they were installed. */
const KEPT_OBJECTS = `
ALTER TABLE revisions ADD COLUMN kept TEXT NOT NULL DEFAULT '[]';
`;

/** What groups and consumers are called before they connect. */
const PARTY_NAMES = `
CREATE TABLE partyNames (
  projectId TEXT NOT NULL,
  kind TEXT NOT NULL,
  ref TEXT NOT NULL,
  name TEXT NOT NULL,
  createdAtMs INTEGER NOT NULL,
  updatedAtMs INTEGER,
  PRIMARY KEY (projectId, kind, ref)
) WITHOUT ROWID;
CREATE INDEX connections_consumer ON connections (projectId, consumerRef);
`;

/** Lists of installations that are as fast at any depth. */
const INSTALLATION_LISTS = `
CREATE INDEX installations_projectList ON installations (projectId, createdAtMs, installationId);
CREATE INDEX installations_integrationList ON installations (integrationId, createdAtMs, installationId);
`;

/**
 * Notifications: what one is about, so that it can be erased with that, and the config before a change where it is too
 * large for a message. And destinations that were given up because they failed for days.
 */
const NOTIFICATIONS = `
ALTER TABLE outbox ADD COLUMN subjectId TEXT;
ALTER TABLE outbox ADD COLUMN lastBlobId TEXT;
CREATE INDEX outbox_subject ON outbox (subjectId) WHERE subjectId IS NOT NULL;
CREATE INDEX outbox_lastBlob ON outbox (lastBlobId) WHERE lastBlobId IS NOT NULL;
ALTER TABLE destinations ADD COLUMN disabledAtMs INTEGER;
`;

/** Lists of connections and integrations that are as fast at any depth. */
const CONNECTION_LISTS = `
CREATE INDEX connections_projectList ON connections (projectId, createdAtMs, connectionId);
CREATE INDEX connections_providerList ON connections (projectId, provider, createdAtMs, connectionId);
CREATE INDEX integrations_projectList ON integrations (projectId, createdAtMs, integrationId);
`;

/** The operations of writes that have not ended, which a start looks for. */
const OPEN_WRITES = `
CREATE INDEX operations_openWrites ON operations (operationId) WHERE actionType = 'write' AND status = 'in_progress';
`;

/** Whose authorizations are open. */
const PARKED_GROUPS = `
ALTER TABLE oauthStates ADD COLUMN groupRef TEXT NOT NULL DEFAULT '';
DROP INDEX oauthStates_project;
CREATE INDEX oauthStates_group ON oauthStates (projectId, groupRef);
`;

/** What writes that wait are to write. */
const WRITE_REQUESTS = `
CREATE TABLE writeRequests (
  seq INTEGER PRIMARY KEY,
  requestId TEXT NOT NULL UNIQUE,
  operationId TEXT NOT NULL,
  installationId TEXT NOT NULL,
  sealed BLOB NOT NULL
);
CREATE INDEX writeRequests_operation ON writeRequests (operationId);
CREATE INDEX writeRequests_installation ON writeRequests (installationId);
`;

/** The fields of objects whose changes are told, as they were seen last. */
const FIELD_SNAPSHOTS = `
CREATE TABLE fieldSnapshots (
  installationId TEXT NOT NULL,
  objectName TEXT NOT NULL,
  fields TEXT NOT NULL,
  updatedAtMs INTEGER NOT NULL,
  PRIMARY KEY (installationId, objectName)
);
`;

/**
 * What providers tell, until it is in the outbox; after that, `event` is null and the row keeps a second delivery out.
 * What providers were asked to tell, what they sign it with where a builder or a customer entered that, and whose
 * account a webhook is about.
 */
const INBOX = `
CREATE TABLE inbox (
  seq INTEGER PRIMARY KEY,
  installationId TEXT NOT NULL,
  eventKey TEXT NOT NULL,
  event TEXT,
  bytes INTEGER NOT NULL,
  receivedAtMs INTEGER NOT NULL,
  UNIQUE (installationId, eventKey)
);
CREATE INDEX inbox_waiting ON inbox (installationId, seq, bytes, receivedAtMs) WHERE event IS NOT NULL;
CREATE INDEX inbox_age ON inbox (receivedAtMs) WHERE event IS NULL;

CREATE TABLE subscriptions (
  installationId TEXT PRIMARY KEY,
  connectionId TEXT NOT NULL,
  status TEXT NOT NULL,
  objects TEXT NOT NULL,
  generation INTEGER NOT NULL,
  sealed BLOB,
  error TEXT,
  createdAtMs INTEGER NOT NULL,
  updatedAtMs INTEGER NOT NULL
);
CREATE INDEX subscriptions_connection ON subscriptions (connectionId);
CREATE INDEX subscriptions_unmade ON subscriptions (status) WHERE status <> 'success';

ALTER TABLE providerApps ADD COLUMN sealedWebhookSecret BLOB;

CREATE TABLE webhookSecrets (installationId TEXT PRIMARY KEY, sealed BLOB NOT NULL);

CREATE INDEX connections_workspace ON connections (workspaceRef) WHERE workspaceRef IS NOT NULL;
`;

/** How much of an installation waits to be written: a sum over this index reads no request. */
const WRITE_SIZES = `
CREATE INDEX writeRequests_size ON writeRequests (installationId, length(sealed));
DROP INDEX writeRequests_installation;
`;

/** Whose account a read stands in; null in rows of earlier versions: it is not known. */
const CHECKPOINT_ACCOUNTS = `
ALTER TABLE checkpoints ADD COLUMN connectionId TEXT;
ALTER TABLE checkpoints ADD COLUMN workspaceRef TEXT;
ALTER TABLE checkpoints ADD COLUMN owesBackfill INTEGER NOT NULL DEFAULT 0;
`;

/** Which events of an inbox wait for a destination that takes nothing: others are found without reading them. */
const HELD_EVENTS = `
ALTER TABLE inbox ADD COLUMN heldFor TEXT;
DROP INDEX inbox_waiting;
CREATE INDEX inbox_waiting ON inbox (installationId, seq, bytes, receivedAtMs, heldFor) WHERE event IS NOT NULL;
`;

/** Addresses of webhooks that were replaced, and until when those before are taken. */
const RECEIVERS = `
CREATE TABLE receivers (
  installationId TEXT PRIMARY KEY,
  nonce TEXT NOT NULL,
  formerNonce TEXT NOT NULL,
  formerUntilMs INTEGER NOT NULL,
  rotatedAtMs INTEGER NOT NULL,
  usedAtMs INTEGER,
  formerUsedAtMs INTEGER
);
`;

export const SCHEMA_STEPS: readonly string[] = [
  FIRST,
  HISTORY,
  FLEETS,
  CATALOG,
  BUDGETS,
  PLATFORM,
  KEPT_OBJECTS,
  PARTY_NAMES,
  INSTALLATION_LISTS,
  NOTIFICATIONS,
  CONNECTION_LISTS,
  OPEN_WRITES,
  PARKED_GROUPS,
  WRITE_REQUESTS,
  FIELD_SNAPSHOTS,
  INBOX,
  WRITE_SIZES,
  CHECKPOINT_ACCOUNTS,
  HELD_EVENTS,
  RECEIVERS,
];

export const SCHEMA_VERSION = SCHEMA_STEPS.length;
