// GitHub's webhooks, of a repository or an organization. What happened stands in a header, and more closely in the
// body's action; the record comes along. Each webhook has a secret that whoever makes it chooses.
// Source: https://docs.github.com/en/webhooks/webhook-events-and-payloads

import { isJsonObject, type JsonObject, jsonAt } from '../../core/json.ts';
import { signedBy } from '../../webhook/verify/hmac.ts';
import { HMAC_SCHEMES } from '../../webhook/verify/schemes.ts';
import type { EventSource, EventType, ProviderEvent } from '../events.ts';
import { idOrNull, malformed, objectOf, providerEvent, textOrNull, timeOrNull } from './event.ts';

/** The member of the body with the record, where it is not called like the event. */
const HOLDERS: ReadonlyMap<string, string> = new Map([
  ['issues', 'issue'],
  ['issue_comment', 'comment'],
  ['commit_comment', 'comment'],
  ['pull_request_review_comment', 'comment'],
  ['pull_request_review', 'review'],
]);

/** Of a record; whatever else is done to one changes it. */
const TYPES: ReadonlyMap<string, EventType> = new Map([
  ['created', 'create'],
  ['opened', 'create'],
  ['submitted', 'create'],
  ['deleted', 'delete'],
]);

/** Sent when the webhook is made. */
const PING = 'ping';

/** See EventSource. */
export const githubEvents: EventSource = {
  addressedTo: 'installation',
  enteredIn: 'the webhook of the repository or the organization at GitHub, as its payload URL',
  secretOf: 'subscription',
  verify: signedBy(HMAC_SCHEMES.github),
  parse(webhook) {
    const [event, delivery] = ['x-github-event', 'x-github-delivery'].map((name) => textOrNull(webhook.headers[name]));
    if (!event || !delivery) throw malformed('GitHub', 'without its headers');
    const body = objectOf(webhook, 'GitHub');
    return event === PING ? [] : [eventOf(body, event, delivery)];
  },
};

function eventOf(raw: JsonObject, event: string, delivery: string): ProviderEvent {
  const action = textOrNull(raw.action);
  const holder = HOLDERS.get(event) ?? event;
  const held = Object.hasOwn(raw, holder) ? raw[holder] : undefined;
  const record = isJsonObject(held) ? held : null;
  const type = record === null || action === null ? 'other' : (TYPES.get(action) ?? 'update');
  return providerEvent({
    type,
    providerEventType: action === null ? event : `${event}.${action}`,
    objectName: event,
    recordId: record === null ? null : idOrNull(record.id),
    workspace: textOrNull(jsonAt(raw, 'organization.login')) ?? textOrNull(jsonAt(raw, 'repository.owner.login')),
    occurredAtMs: record === null ? null : timeOrNull(record.updated_at),
    updatedFields: type === 'update' && isJsonObject(raw.changes) ? Object.keys(raw.changes) : null,
    record,
    // The same when somebody has it delivered again.
    key: delivery,
    raw,
  });
}
