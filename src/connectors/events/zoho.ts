// Zoho's webhooks. Those of CRM are about several records, repeat the token that the subscription chose, and are made
// again each week, so that for a moment two channels tell the same; the key leaves the channel out. Those of Mail are
// configured by hand; the secret that signs them arrives in the first request and nobody keeps it, so that their
// address is what proves them.
// Sources: https://www.zoho.com/crm/developer/docs/api/v6/notifications/overview.html,
// https://www.zoho.com/mail/help/dev-platform/webhook.html

import { isJsonObject, type JsonObject, type JsonValue } from '../../core/json.ts';
import { signedBy } from '../../webhook/verify/hmac.ts';
import { HMAC_SCHEMES } from '../../webhook/verify/schemes.ts';
import { knowing } from '../../webhook/verify/token.ts';
import type { EventSource, EventType, ProviderEvent } from '../events.ts';
import { echo, idOrNull, keyOf, malformed, msOrNull, objectOf, providerEvent, textOrNull, without } from './event.ts';

const TYPES: ReadonlyMap<string, EventType> = new Map([
  ['create', 'create'],
  ['insert', 'create'],
  ['edit', 'update'],
  ['update', 'update'],
  ['delete', 'delete'],
]);

/** Between the parts of an id that Mail needs to find a record. */
const ID_SEPARATOR = '/';

/** Of CRM. See EventSource. */
export const zohoCrmEvents: EventSource = {
  addressedTo: 'installation',
  enteredIn: 'the notification channel of Zoho CRM, as its `notify_url`',
  secretOf: 'subscription',
  verify: knowing({ in: 'body', name: 'token' }),
  parse(webhook) {
    const body = without('token', objectOf(webhook, 'Zoho CRM'));
    const [module, operation] = [textOrNull(body.module), textOrNull(body.operation)];
    if (module === null || operation === null || !Array.isArray(body.ids)) {
      throw malformed('Zoho CRM', 'without module, operation and ids');
    }
    return body.ids.map((value: JsonValue) => crmEvent(body, module, operation, idOrNull(value)));
  },
};

function crmEvent(body: JsonObject, objectName: string, operation: string, recordId: string | null): ProviderEvent {
  if (recordId === null) throw malformed('Zoho CRM', 'about a record without an id');
  const type = TYPES.get(operation) ?? 'other';
  const values = valuesOf(body.affected_values, recordId);
  return providerEvent({
    type,
    providerEventType: operation,
    objectName,
    recordId,
    occurredAtMs: msOrNull(body.server_time) ?? msOrNull(Number(textOrNull(body.server_time) ?? Number.NaN)),
    updatedFields: type === 'update' && values !== null ? Object.keys(values) : null,
    key: keyOf([objectName, operation, recordId, body.server_time ?? null, values]),
    raw: {
      ...body,
      ids: [recordId],
      affected_values: values === null ? [] : [{ record_id: recordId, values }],
      affected_fields: values === null ? [] : [{ [recordId]: Object.keys(values) }],
    },
  });
}

function valuesOf(affected: JsonValue | undefined, recordId: string): JsonObject | null {
  if (!Array.isArray(affected)) return null;
  const found = affected.find((value) => isJsonObject(value) && idOrNull(value.record_id) === recordId);
  return isJsonObject(found) && isJsonObject(found.values) ? found.values : null;
}

/** Of Mail: mails that arrive, and tasks. See EventSource. */
export const zohoMailEvents: EventSource = {
  addressedTo: 'installation',
  enteredIn: 'the outgoing webhook in the settings of Zoho Mail',
  secretOf: 'address',
  handshake({ headers }) {
    const secret = headers['x-hook-secret'];
    if (secret === undefined) return null;
    const answer = echo('');
    return { ...answer, headers: { ...answer.headers, 'x-hook-secret': secret } };
  },
  verify: signedBy(HMAC_SCHEMES.zohoMail),
  parse(webhook) {
    const raw = objectOf(webhook, 'Zoho Mail');
    if (raw.entityId !== undefined) return [taskEvent(raw)];
    const messageId = textOrNull(raw.messageIdString) ?? idOrNull(raw.messageId);
    if (messageId === null) throw malformed('Zoho Mail', 'about neither a message nor a task');
    return [
      providerEvent({
        type: 'create',
        providerEventType: 'newMail',
        objectName: 'messages',
        recordId: joined(raw.folderId, messageId),
        workspace: idOrNull(raw.zuid),
        occurredAtMs: msOrNull(raw.receivedTime),
        key: keyOf(['newMail', messageId]),
        raw,
      }),
    ];
  },
};

/** Its actions are not documented; they are matched by what they say. */
function taskEvent(raw: JsonObject): ProviderEvent {
  const taskId = idOrNull(raw.entityId);
  if (taskId === null) throw malformed('Zoho Mail', 'about a task without an id');
  const action = textOrNull(raw.action) ?? 'task';
  return providerEvent({
    type: taskType(action.toLowerCase()),
    providerEventType: action,
    objectName: 'tasks',
    recordId: joined(raw.nameSpaceId, taskId),
    workspace: idOrNull(raw.nameSpaceId),
    key: keyOf(raw),
    raw,
  });
}

function taskType(action: string): EventType {
  if (/add|create/.test(action)) return 'create';
  if (/delet|remov|trash/.test(action)) return 'delete';
  return /updat|edit|modif|complet|status|assign|move|reopen|close/.test(action) ? 'update' : 'other';
}

function joined(parent: JsonValue | undefined, child: string): string {
  const parentId = idOrNull(parent);
  return parentId === null ? child : `${parentId}${ID_SEPARATOR}${child}`;
}
