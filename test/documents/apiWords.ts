// What docs/api.md says besides the table of operations: where an operation does something else than the published
// description.

const NO_ACCOUNTS = 'Answers only refusals: a server of one’s own has one organization and no accounts.';
const KEY_NAMES =
  'API keys are stored as hashes. Only the answer that creates one has it; everywhere else `key` is the name of its ' +
  'hash, `sha256:…`, which opens nothing and which paths take as well as the key. Those of operators and ' +
  'builders are there for builders only.';
const UPSERTS =
  'HubSpot and Salesforce only; 400 for others. At most 100 fields. A mistake in one refuses all, with 400 and an ' +
  'issue for each. What the provider refuses is a problem while nothing was changed; after that the answer tells of ' +
  'every field, `success` is false and the reason is the last of its `warnings`. Salesforce makes ten fields at a ' +
  'time, all of the ten or none. A select of HubSpot’s that takes several values is one of checkboxes.';
const SCOPES = 'A project gives the scopes `full` and `frontend`; others are refused.';
const WEBHOOKS = 'Webhooks only: other types are refused with 400.';
const DISABLED =
  '`disabledTime` is an addition: nothing is sent to it, because it took nothing for five days ' +
  '([notifications.md](notifications.md#a-destination-that-is-down)).';

/** Where an operation deviates from what is published, and why, by its id. */
export const DEVIATIONS: Readonly<Record<string, string>> = {
  createEventTopicRoute: 'See [notifications.md](notifications.md).',
  createTopicDestinationRoute: 'See [notifications.md](notifications.md).',
  listProjects: 'Of an API key the one project that it belongs to.',
  updateProject: 'A name that looks like an id is refused with 422: it could stand for another project in a path.',
  createProject: '`orgId` must be that of the server.',
  getProject: 'Entitlements are fixed: no mark of ours is shown, and operations are kept for 30 days.',
  listApiKeys: KEY_NAMES,
  getApiKey: KEY_NAMES,
  createApiKey: `${KEY_NAMES} ${SCOPES}`,
  updateApiKey: `${KEY_NAMES} ${SCOPES}`,
  createJWTKey: 'Takes `name` for `label` and `RSA` for `RS256`, as the published example has them.',
  updateJWTKey: 'Takes `name` for `label`, as the published example has it.',
  createDestination: WEBHOOKS,
  updateDestination:
    `${WEBHOOKS} Masks are \`name\`, \`metadata\`, \`metadata.url\` and \`metadata.headers\`; all but the first ` +
    'enable a destination that was disabled.',
  listDestinations: DISABLED,
  getDestination: `${DISABLED} For a day after \`rotate=true\` messages are signed with the former key as well.`,
  batchUpsertIntegrations: '`sourceZipUrl` must be an upload to this server.',
  createRevision: '`sourceZipUrl` must be an upload to this server.',
  deleteIntegration: 'Installations go one by one; interrupted, it can be called again.',
  generateUploadUrl: 'The address is on this server and good for an hour; archives have at most 1 MB.',
  getHydratedRevision: 'Fields come from the provider where Tenon reads it, else from the manifest.',
  getObjectMetadataForInstallation: 'HubSpot and Salesforce only; 400 for others.',
  getObjectMetadataForConnection: 'HubSpot and Salesforce only; 400 for others.',
  upsertMetadataForInstallation: UPSERTS,
  upsertMetadataForConnection: UPSERTS,
  updateInstallation: 'A read object that is replaced keeps its schedule, destination, backfill and filters.',
  triggerRead:
    'One after the other with what else is read of the object, at most 16 waiting (429). 409 while its reads are ' +
    'paused. Schedules neither wait for it longer than for one run nor continue where it ended. ' +
    'With `untilTimestamp` alone everything up to it is read. ' +
    'A group that has installed the integration several times is refused with 400.',
  writeRecords:
    'HubSpot and Salesforce only; 400 for others. Told from a trigger by `type`, `record` or `batch`. Headers that ' +
    'are no options of Salesforce are refused, as are all of a batch that is collected. See [writes.md](writes.md).',
  deliverResults:
    'Checks what it names and does nothing more: pages are delivered as they come, whatever `delivery.mode` says.',
  pauseReads: 'Objects that the installation does not read are refused with 400.',
  unpauseReads: 'Objects that the installation does not read are refused with 400.',
  searchRecords:
    'HubSpot and Salesforce only; 400 for others. Backends only. At most 16 filters, of which HubSpot takes six. ' +
    'Goes on while schedules are paused; an object that is disabled in the config is refused with 400 unless the ' +
    'manifest enables it always. Records come as `result` and as `results`, which the published example has.',
  deleteConnection: '422 while an installation uses it.',
  listOperationLogs: 'Made of the operation: its beginning, and its end with the reason.',
  getOperation:
    '`metadata.readType` is an addition, and so are `fromTimestamp` and `untilTimestamp` of a triggered read.',
  listOrgInvites: 'Empty: there is nothing to be invited to.',
  listOrgClaimedDomains: 'Empty: there is nothing to claim.',
  listOrgBuilders: 'One, for whoever has a builder’s key.',
  getMyInfo: 'The same for whoever has a builder’s key.',
  createOrg: NO_ACCOUNTS,
  createOrgInvite: NO_ACCOUNTS,
  getOrgInvite: NO_ACCOUNTS,
  deleteOrgInvite: NO_ACCOUNTS,
  acceptInvite: NO_ACCOUNTS,
  addUserToOrg: NO_ACCOUNTS,
  checkClaimedDomain: NO_ACCOUNTS,
  claimDomain: NO_ACCOUNTS,
  getOrgBillingAccount: NO_ACCOUNTS,
  createBillingAccountSession: NO_ACCOUNTS,
};
