// Slack's own client, unchanged, through the proxy: errors that come as successes, limits that the client waits for,
// and a developer's first day. Slack's tokens rotate, which the client never learns of.

import { createHash, randomBytes } from 'node:crypto';
import { type ConversationsListResponse, ErrorCode, LogLevel, retryPolicies, WebClient } from '@slack/web-api';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../src/core/time.ts';
import { budgetsOf } from '../../../src/flows/operator/budgets.ts';
import { slackThrough } from '../../support/clients/slack.ts';
import { fetchThrough } from '../../support/clients/through.ts';
import { startVendor, type Vendor } from '../../support/vendor.ts';

const SCOPES = ['channels:read', 'chat:write', 'users:read', 'files:write'];

let vendor: Vendor;
let slack: WebClient;

beforeAll(async () => {
  vendor = await startVendor('slack', { scopes: SCOPES, sandbox: { slackChannels: 120, slackUsers: 30 } });
  slack = slackThrough(vendor.through);
});

beforeEach(() => vendor.clock.advance(MINUTE_MS));

afterAll(() => vendor[Symbol.asyncDispose]());

/** The client's own pauses are real time; with these options they are none. */
function impatient(options: object = {}, { through } = vendor): WebClient {
  const fetch = fetchThrough(through);
  return new WebClient(undefined, {
    slackApiUrl: `${through.url}/`,
    fetch,
    logLevel: LogLevel.ERROR,
    retryConfig: retryPolicies.rapidRetryPolicy,
    ...options,
  });
}

describe('@slack/web-api is told', () => {
  it('that a channel is not there, as its own error', async () => {
    const posting = slack.chat.postMessage({ channel: 'C0000ZZZZZ', text: 'hi' });
    await expect(posting).rejects.toMatchObject({
      code: ErrorCode.PlatformError,
      data: { ok: false, error: 'channel_not_found' },
    });
  });

  it('of a spent tier, which it reports if it shall not wait, and the call was sent once', async () => {
    const client = impatient({ rejectRateLimitedCalls: true });
    const asked = await vendor.asked(async () => {
      vendor.fail({ kind: 'status', status: 429, retryAfterSeconds: 30 });
      await expect(client.auth.test()).rejects.toMatchObject({ code: ErrorCode.RateLimitedError, retryAfter: 30 });
    });
    expect(asked).toBe(1);
  });

  it('by Tenon that a method has no calls left, as Slack said before, while others go on', async () => {
    const client = impatient({ rejectRateLimitedCalls: true });
    const spent = { code: ErrorCode.RateLimitedError, retryAfter: 30 };
    const users = { provider: 'slack', pathPrefix: '/api/users.list' } as const;
    vendor.tenon.sandbox.faults.next(users, { kind: 'status', status: 429, retryAfterSeconds: 30 });
    await expect(client.users.list({})).rejects.toMatchObject(spent);
    const asked = await vendor.asked(async () => {
      await expect(client.users.list({})).rejects.toMatchObject(spent);
      expect((await client.conversations.list({ limit: 1 })).ok).toBe(true);
    });
    expect(asked).toBe(1);
    const id = vendor.through.headers['x-amp-installation-id'] ?? '';
    const shown = budgetsOf(vendor.tenon.running.services, id).budgets.filter(({ name }) => name === 'tier2');
    expect(shown.map(({ path, blockedUntil }) => [path, blockedUntil !== null])).toEqual([
      ['/conversations.list', false],
      ['/users.list', true],
    ]);
    await vendor.clock.advance(30 * SECOND_MS);
    expect((await client.users.list({})).ok).toBe(true);
  });

  it('by Tenon that a customer must connect again, as an error of HTTP', async () => {
    await using other = await startVendor('slack', { scopes: SCOPES });
    other.tenon.sandbox.revokeGrants('slack', 'workspace-1');
    other.tenon.sandbox.expireAccessTokens();
    await other.clock.advance(13 * HOUR_MS);
    await expect(impatient({}, other).auth.test()).rejects.toMatchObject({
      code: ErrorCode.HTTPError,
      statusCode: 424,
    });
  });
});

describe('@slack/web-api', () => {
  it('knows who it is, with a token that it never sees', async () => {
    const { ok, team, response_metadata } = await slack.auth.test();
    expect([ok, team, response_metadata?.scopes]).toEqual([true, 'workspace-1', SCOPES]);
  });

  it('pages through channels by cursor', async () => {
    const names: unknown[] = [];
    const asked = await vendor.asked(async () => {
      for await (const page of slack.paginate('conversations.list', { limit: 50 })) {
        names.push(...((page as ConversationsListResponse).channels ?? []).map(({ name }) => name));
      }
    });
    expect([asked, names.length, new Set(names).size]).toEqual([3, 120, 120]);
  });

  it('posts, changes, reads and removes a message', async () => {
    const { channels = [] } = await slack.conversations.list({ limit: 1 });
    const channel = channels[0]?.id ?? '';
    const { ts = '' } = await slack.chat.postMessage({ channel, text: 'Größe & <b>' });
    await slack.chat.update({ channel, ts, text: 'changed' });
    const { messages = [] } = await slack.conversations.history({ channel });
    expect(messages).toMatchObject([{ ts, text: 'changed', edited: {} }]);
    await slack.chat.delete({ channel, ts });
    expect((await slack.conversations.history({ channel })).messages).toEqual([]);
  });

  it('uploads a file: methods through Tenon, the bytes to the address that Slack gave', async () => {
    const { channels = [] } = await slack.conversations.list({ limit: 1 });
    const file = randomBytes(200_000);
    const channelId = channels[0]?.id ?? '';
    const { files } = await slack.filesUploadV2({ channel_id: channelId, file, filename: 'report.pdf' });
    const digest = createHash('sha256').update(file).digest('hex');
    expect(files).toMatchObject([{ files: [{ name: 'report.pdf', size: 200_000, sandbox_sha256: digest }] }]);
  });

  it('waits for a spent tier by itself, and Tenon does not wait as well', async () => {
    const client = impatient();
    const asked = await vendor.asked(async () => {
      vendor.fail({ kind: 'status', status: 429, retryAfterSeconds: 0 });
      expect((await client.auth.test()).ok).toBe(true);
    });
    expect(asked).toBe(2);
  });

  it('never learns that its token ended and was rotated in the middle of its calls', async () => {
    const { refreshes } = vendor.tenon.sandbox.stats();
    vendor.tenon.sandbox.expireAccessTokens();
    await vendor.clock.advance(12 * HOUR_MS);
    const answers = await Promise.all(Array.from({ length: 10 }, () => slack.auth.test()));
    expect(answers.every(({ ok }) => ok)).toBe(true);
    expect(vendor.tenon.sandbox.stats().refreshes).toBeGreaterThan(refreshes);
  });

  it('makes fifty calls at once', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => slack.auth.test()));
    expect(answers.every(({ ok }) => ok)).toBe(true);
  });
});
