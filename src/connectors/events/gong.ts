// What rules of Gong send of a call that was recorded. An administrator of each customer makes the rule by hand; it can
// sign with a key that is shown there only, so that the address is what proves them.
// Source: https://help.gong.io/docs/payload-sent-to-webhooks

import { isJsonObject } from '../../core/json.ts';
import type { EventSource } from '../events.ts';
import { idOrNull, keyOf, malformed, objectOf, PROVED_BY_ADDRESS, providerEvent, without } from './event.ts';

/** See EventSource. */
export const gongEvents: EventSource = {
  addressedTo: 'installation',
  enteredIn: 'the automation rule at Gong that sends the webhook',
  ...PROVED_BY_ADDRESS,
  parse(webhook) {
    const raw = objectOf(webhook, 'Gong');
    const call = raw.callData;
    const facts = isJsonObject(call) ? call.metaData : undefined;
    const recordId = isJsonObject(facts) ? idOrNull(facts.id) : null;
    if (!isJsonObject(call) || !isJsonObject(facts) || recordId === null) throw malformed('Gong', 'without a call');
    return [
      providerEvent({
        type: 'create',
        // Gong has no name for it, and rules no other event.
        providerEventType: 'callCreated',
        objectName: 'Call',
        recordId,
        workspace: idOrNull(facts.workspaceId),
        // As reads have it: what is known of the call stands on top.
        record: { ...without('metaData', call), ...facts },
        // Several rules may send one call; one that an administrator tries out is another event.
        key: keyOf([recordId, raw.isTest === true]),
        raw,
      }),
    ];
  },
};
