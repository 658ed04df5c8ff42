// Slack. OAuth v2 bot token. Without token rotation it never expires; with it 12 hours and a refresh token that is
// revoked when used. Errors come as HTTP 200 with ok:false. Limits are tiers per method and workspace; obey Retry-
// After.

import { MINUTE_MS, SECOND_MS } from '../../core/time.ts';
import { pathsIn, pictures, supports } from '../declare.ts';
import type { Quota } from '../quotas.ts';
import type { ProviderDeclaration } from '../schema.ts';

// Methods by the calls that are good for a minute at least. Without those of administrators, of apps themselves and of
// what Slack has retired. `conversations.history` and `conversations.replies` have one a minute in apps that are sold
// and not in Slack's directory, of which a refusal tells.
const TIER_1 = methods(`
  conversations.acceptSharedInvite conversations.approveSharedInvite conversations.declineSharedInvite
  conversations.listConnectInvites team.externalTeams.disconnect
`);
const TIER_2 = methods(`
  auth.teams.list bookmarks.add bookmarks.edit bookmarks.remove calls.add calls.end calls.info
  calls.participants.add calls.participants.remove calls.update canvases.create chat.startStream chat.stopStream
  conversations.archive conversations.canvases.create conversations.close conversations.create
  conversations.externalInvitePermissions.set conversations.inviteShared conversations.list conversations.rename
  conversations.requestSharedInvite.approve conversations.requestSharedInvite.deny
  conversations.requestSharedInvite.list conversations.setPurpose conversations.setTopic conversations.unarchive
  dnd.endDnd dnd.endSnooze dnd.setSnooze dnd.teamInfo emoji.list files.remote.add files.remote.info
  files.remote.list files.remote.remove files.remote.share files.remote.update pins.add pins.list pins.remove
  reactions.list reactions.remove search.all search.files search.messages slackLists.create
  slackLists.download.start slackLists.items.delete slackLists.items.deleteMultiple slackLists.items.info
  slackLists.items.list slackLists.update team.accessLogs team.billableInfo team.externalTeams.list
  team.integrationLogs usergroups.create usergroups.disable usergroups.enable usergroups.list usergroups.update
  usergroups.users.list usergroups.users.update users.conversations users.deletePhoto
  users.discoverableContacts.lookup users.list users.setActive users.setPhoto users.setPresence
  workflows.featured.add workflows.featured.list workflows.featured.remove workflows.featured.set
`);
const TIER_3 = methods(`
  assistant.threads.setSuggestedPrompts assistant.threads.setTitle auth.revoke bookmarks.list bots.info
  canvases.access.delete canvases.access.set canvases.delete canvases.edit canvases.sections.lookup chat.delete
  chat.deleteScheduledMessage chat.meMessage chat.scheduleMessage chat.scheduledMessages.list chat.unfurl
  chat.update conversations.history conversations.info conversations.invite conversations.join conversations.kick
  conversations.leave conversations.mark conversations.open conversations.replies dnd.info files.delete files.list
  files.revokePublicURL files.sharedPublicURL reactions.add reactions.get slackLists.access.delete
  slackLists.access.set slackLists.items.create slackLists.items.update team.billing.info team.info
  team.preferences.list team.profile.get users.getPresence users.lookupByEmail users.profile.set
`);
const TIER_4 = methods(`
  chat.appendStream chat.postEphemeral conversations.members files.completeUploadExternal files.getUploadURLExternal
  files.info slackLists.download.get users.info users.profile.get views.open views.publish views.push views.update
`);
/** Each has a limit of its own that is told as "hundreds" a minute; of messages one a second in each channel, too. */
const SPECIAL = methods('assistant.threads.setStatus auth.test chat.getPermalink chat.postMessage');

export const slack = {
  name: 'slack',
  displayName: 'Slack',
  category: 'communication',
  sources: [
    'https://docs.slack.dev/authentication/using-token-rotation',
    'https://docs.slack.dev/apis/web-api/rate-limits',
    'https://github.com/slackapi/java-slack-sdk/blob/main/metadata/web-api/rate_limit_tiers.json',
  ],
  baseUrl: 'https://slack.com/api',
  auth: {
    scheme: 'oauth2',
    grantType: 'authorizationCode',
    authUrl: 'https://slack.com/oauth/v2/authorize',
    tokenUrl: 'https://slack.com/api/oauth.v2.access',
    areScopesRequired: true,
    isWorkspaceRequired: false,
    tokenMetadata: { scopesField: 'scope', workspaceRefField: 'workspace_name' },
    tokens: {
      clientAuthentication: 'requestBody',
      scopeSeparator: ',',
      rotation: 'singleUseRevoking',
      hiddenErrors: [{ path: 'ok', equals: false, codePath: 'error' }],
    },
  },
  defaultModule: '',
  modules: {},
  support: supports('read', 'write', 'proxy', 'subscribe'),
  subscribeRequirements: {},
  inputs: [],
  postAuthentication: [{ name: 'teamId' }],
  isPostAuthenticationRequired: true,
  accountLookup: {
    method: 'POST',
    url: 'https://slack.com/api/auth.test',
    values: [{ name: 'teamId', path: 'team_id' }],
    workspaceRefPath: 'team_id',
  },
  providerApp: { authQueryParams: [], params: [] },
  media: pictures(
    'v1722059419/media/slack_1722059417.svg',
    'v1722059450/media/slack_1722059449.svg',
    'v1724225856/media/wo2jw59mssz2pk1eczur.png',
    'v1724225856/media/wo2jw59mssz2pk1eczur.png',
  ),
  quotas: [
    tier('tier1', 1, TIER_1),
    tier('tier2', 20, TIER_2),
    tier('tier3', 50, TIER_3),
    tier('tier4', 100, TIER_4),
    tier('special', 200, SPECIAL),
  ],
  concurrency: [],
  rateHeaders: { family: 'slack', quotas: { method: ['tier1', 'tier2', 'tier3', 'tier4', 'special'] } },
  hiddenErrors: [{ path: 'ok', equals: false, codePath: 'error', messagePath: 'error' }],
} as const satisfies ProviderDeclaration;

/** Bursts are welcome: people are stopped by refusals, which say for how long. */
function tier(name: string, limit: number, paths: readonly string[]): Quota {
  return {
    name,
    scope: 'appInAccount',
    limit,
    windowMs: MINUTE_MS,
    only: { paths, isEach: true },
    isSoft: true,
    pause: { firstMs: 10 * SECOND_MS, longestMs: MINUTE_MS },
  };
}

function methods(names: string): readonly string[] {
  return pathsIn('/', names);
}
