// Google's notifications. They say that something changed and not what: of Calendar in headers alone, of Gmail with
// the number of a history to read from. Both are of no record, hence events of their own names. Pub/Sub pushes of
// Gmail come to one address for all mailboxes, with a token in it: the JWT that Pub/Sub could send instead is signed
// with keys which change and would have to be fetched.
// Sources: https://developers.google.com/workspace/calendar/api/guides/push,
// https://developers.google.com/workspace/gmail/api/guides/push

import { isJsonObject, jsonAt, jsonOrNull } from '../../core/json.ts';
import { knowing } from '../../webhook/verify/token.ts';
import type { EventSource } from '../events.ts';
import { idOrNull, keyOf, malformed, objectOf, providerEvent, textOrNull, timeOrNull } from './event.ts';

const GOOG = 'x-goog-';
const TOKEN_HEADER = 'x-goog-channel-token';
/** Says that a channel was made. */
const SYNC = 'sync';

/** See EventSource. */
export const googleCalendarEvents: EventSource = {
  addressedTo: 'installation',
  enteredIn: 'the channel of Google Calendar, as its `address`; a channel cannot be changed: make another',
  secretOf: 'subscription',
  verify: knowing({ in: 'header', name: TOKEN_HEADER }),
  parse({ headers }) {
    const [state, channel, number] = ['resource-state', 'channel-id', 'message-number'].map((name) =>
      textOrNull(headers[`${GOOG}${name}`]),
    );
    if (!state || !channel || !number) throw malformed('Google Calendar', 'without its headers');
    if (state === SYNC) return [];
    const named = Object.entries(headers).filter(([name]) => name.startsWith(GOOG) && name !== TOKEN_HEADER);
    return [
      providerEvent({
        type: 'other',
        providerEventType: state,
        objectName: 'events',
        key: keyOf([channel, number]),
        raw: Object.fromEntries(named),
      }),
    ];
  },
};

/** See EventSource. */
export const gmailEvents: EventSource = {
  addressedTo: 'integration',
  enteredIn: 'the push subscription of Google Pub/Sub, as its endpoint, with `?token=` and the secret behind it',
  secretOf: 'webhookSecret',
  verify: knowing({ in: 'query', name: 'token' }),
  parse(webhook) {
    const raw = objectOf(webhook, 'Gmail');
    const messageId = idOrNull(jsonAt(raw, 'message.messageId'));
    const encoded = textOrNull(jsonAt(raw, 'message.data'));
    const data = encoded === null ? null : jsonOrNull(Buffer.from(encoded, 'base64').toString());
    const mailbox = isJsonObject(data) ? textOrNull(data.emailAddress) : null;
    if (messageId === null || mailbox === null) throw malformed('Gmail', 'without a message about a mailbox');
    return [
      providerEvent({
        type: 'other',
        providerEventType: 'historyChanged',
        objectName: 'messages',
        workspace: mailbox,
        occurredAtMs: timeOrNull(jsonAt(raw, 'message.publishTime')),
        key: messageId,
        raw,
      }),
    ];
  },
};
