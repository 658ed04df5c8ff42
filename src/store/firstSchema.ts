// The tables as the first version made them; what has changed since is in `schema.ts`. Never edited: databases that it
// made are still about.

/** The first step. */
export const FIRST = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE snapshots (
  actorId TEXT PRIMARY KEY,
  schemaVersion INTEGER NOT NULL,
  revision INTEGER NOT NULL,
  wakeAtMs INTEGER,
  pausedReason TEXT,
  state TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX snapshots_wake ON snapshots (wakeAtMs, actorId) WHERE wakeAtMs IS NOT NULL AND pausedReason IS NULL;

CREATE TABLE effects (
  seq INTEGER PRIMARY KEY,
  effectId TEXT NOT NULL UNIQUE,
  actorId TEXT NOT NULL,
  payload TEXT NOT NULL,
  isAttempted INTEGER NOT NULL DEFAULT 0,
  result BLOB
);

CREATE TABLE quarantine (
  seq INTEGER PRIMARY KEY,
  actorId TEXT NOT NULL,
  event TEXT NOT NULL,
  error TEXT NOT NULL,
  atMs INTEGER NOT NULL
);

CREATE TABLE projects (
  projectId TEXT PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  appName TEXT NOT NULL,
  orgId TEXT NOT NULL,
  createdAtMs INTEGER NOT NULL,
  updatedAtMs INTEGER
) WITHOUT ROWID;

CREATE TABLE apiKeys (
  keyHash TEXT PRIMARY KEY,
  projectId TEXT NOT NULL,
  label TEXT NOT NULL,
  scopes TEXT NOT NULL,
  isActive INTEGER NOT NULL,
  createdAtMs INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE providerApps (
  providerAppId TEXT PRIMARY KEY,
  projectId TEXT NOT NULL,
  provider TEXT NOT NULL,
  clientId TEXT NOT NULL,
  sealedClientSecret BLOB NOT NULL,
  scopes TEXT NOT NULL,
  metadata TEXT,
  externalRef TEXT,
  createdAtMs INTEGER NOT NULL,
  updatedAtMs INTEGER,
  UNIQUE (projectId, provider, clientId)
);

CREATE TABLE destinations (
  destinationId TEXT PRIMARY KEY,
  projectId TEXT NOT NULL,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  metadata TEXT NOT NULL,
  sealedSecrets BLOB NOT NULL,
  createdAtMs INTEGER NOT NULL,
  updatedAtMs INTEGER,
  UNIQUE (projectId, name)
);

CREATE TABLE integrations (
  integrationId TEXT PRIMARY KEY,
  projectId TEXT NOT NULL,
  name TEXT NOT NULL,
  provider TEXT NOT NULL,
  revisionId TEXT NOT NULL,
  createdAtMs INTEGER NOT NULL,
  updatedAtMs INTEGER,
  UNIQUE (projectId, name)
);

CREATE TABLE revisions (
  revisionId TEXT PRIMARY KEY,
  integrationId TEXT NOT NULL,
  specVersion TEXT NOT NULL,
  content TEXT NOT NULL,
  createdAtMs INTEGER NOT NULL
);
CREATE INDEX revisions_integration ON revisions (integrationId);

CREATE TABLE connections (
  connectionId TEXT PRIMARY KEY,
  projectId TEXT NOT NULL,
  provider TEXT NOT NULL,
  providerAppId TEXT,
  groupRef TEXT NOT NULL,
  groupName TEXT NOT NULL,
  consumerRef TEXT NOT NULL,
  consumerName TEXT NOT NULL,
  authScheme TEXT NOT NULL,
  status TEXT NOT NULL,
  workspaceRef TEXT,
  metadata TEXT NOT NULL,
  generation INTEGER NOT NULL,
  issuedAtMs INTEGER NOT NULL,
  expiresAtMs INTEGER,
  refreshAtMs INTEGER,
  createdAtMs INTEGER NOT NULL,
  updatedAtMs INTEGER,
  UNIQUE (projectId, provider, groupRef, consumerRef)
);
CREATE INDEX connections_group ON connections (projectId, groupRef);

CREATE TABLE credentials (
  connectionId TEXT PRIMARY KEY,
  generation INTEGER NOT NULL,
  sealed BLOB NOT NULL
);

CREATE TABLE oauthStates (
  stateHash TEXT PRIMARY KEY,
  projectId TEXT NOT NULL,
  sealed BLOB NOT NULL,
  expiresAtMs INTEGER NOT NULL
);
CREATE INDEX oauthStates_expiry ON oauthStates (expiresAtMs);
CREATE INDEX oauthStates_project ON oauthStates (projectId);

CREATE TABLE installations (
  installationId TEXT PRIMARY KEY,
  projectId TEXT NOT NULL,
  integrationId TEXT NOT NULL,
  connectionId TEXT NOT NULL,
  groupRef TEXT NOT NULL,
  healthStatus TEXT NOT NULL,
  configId TEXT NOT NULL,
  revisionId TEXT NOT NULL,
  config TEXT NOT NULL,
  createdBy TEXT NOT NULL,
  configuredAtMs INTEGER NOT NULL,
  createdAtMs INTEGER NOT NULL,
  updatedAtMs INTEGER,
  UNIQUE (integrationId, groupRef, connectionId)
);
CREATE INDEX installations_integration ON installations (integrationId, groupRef);
CREATE INDEX installations_connection ON installations (connectionId);
CREATE INDEX installations_project ON installations (projectId, groupRef);

CREATE TABLE checkpoints (
  actorId TEXT PRIMARY KEY,
  installationId TEXT NOT NULL,
  objectName TEXT NOT NULL,
  run INTEGER NOT NULL,
  page INTEGER NOT NULL,
  operationId TEXT,
  readType TEXT,
  sinceMs INTEGER,
  untilMs INTEGER,
  cursor TEXT,
  recordsRead INTEGER NOT NULL,
  watermarkMs INTEGER
) WITHOUT ROWID;
CREATE INDEX checkpoints_installation ON checkpoints (installationId);

CREATE TABLE operations (
  operationId TEXT PRIMARY KEY,
  projectId TEXT NOT NULL,
  integrationId TEXT NOT NULL,
  installationId TEXT NOT NULL,
  configId TEXT NOT NULL,
  actionType TEXT NOT NULL,
  status TEXT NOT NULL,
  result TEXT,
  metadata TEXT NOT NULL,
  createdAtMs INTEGER NOT NULL,
  updatedAtMs INTEGER
);
CREATE INDEX operations_installation ON operations (installationId, createdAtMs);

CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY,
  messageId TEXT NOT NULL UNIQUE,
  laneId TEXT NOT NULL,
  operationId TEXT,
  body TEXT NOT NULL,
  blobId TEXT,
  bytes INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  nextAttemptAtMs INTEGER NOT NULL,
  lastError TEXT,
  isDead INTEGER NOT NULL DEFAULT 0,
  createdAtMs INTEGER NOT NULL
);
CREATE INDEX outbox_due ON outbox (laneId, isDead, nextAttemptAtMs, seq);

CREATE TABLE lanes (
  laneId TEXT PRIMARY KEY,
  queuedBytes INTEGER NOT NULL,
  queued INTEGER NOT NULL,
  delivered INTEGER NOT NULL,
  dead INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE blobs (
  blobId TEXT PRIMARY KEY,
  projectId TEXT NOT NULL,
  body TEXT NOT NULL,
  createdAtMs INTEGER NOT NULL
);
`;
