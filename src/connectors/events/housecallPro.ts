// Housecall Pro's webhooks: what happened and the record. Each customer configures them by hand and is shown a secret
// for them, which somebody has to enter for the installation.

import { isJsonObject, type JsonObject } from '../../core/json.ts';
import { signedBy } from '../../webhook/verify/hmac.ts';
import { HMAC_SCHEMES } from '../../webhook/verify/schemes.ts';
import type { EventSource, ProviderEvent } from '../events.ts';
import {
  idOrNull,
  keyOf,
  malformed,
  objectOf,
  providerEvent,
  splitAtLast,
  textOrNull,
  timeOrNull,
  typeOfVerb,
} from './event.ts';

/** The one part of a record that is an object of its own. */
const APPOINTMENT = 'job.appointment';
/** Employees cannot be read by id, so that their events have always been passed by name. */
const NAMED_ONLY = 'employee';

/** See EventSource. */
export const housecallProEvents: EventSource = {
  addressedTo: 'installation',
  enteredIn: 'the settings of webhooks at Housecall Pro',
  secretOf: 'subscription',
  verify: signedBy(HMAC_SCHEMES.housecallPro),
  parse: (webhook) => [eventOf(objectOf(webhook, 'Housecall Pro'))],
};

function eventOf(raw: JsonObject): ProviderEvent {
  const providerEventType = textOrNull(raw.event);
  if (providerEventType === null) throw malformed('Housecall Pro', 'without an event');
  const [subject, verb] = splitAtLast(providerEventType, '.');
  // `estimate.option.created` is about a part of an estimate, which was not created.
  const [object = '', part] = subject === APPOINTMENT ? ['appointment'] : subject.split('.');
  const record = Object.hasOwn(raw, object) ? raw[object] : undefined;
  return providerEvent({
    type: part !== undefined || object === NAMED_ONLY ? 'other' : typeOfVerb(verb),
    providerEventType,
    objectName: subject === APPOINTMENT ? APPOINTMENT : textOrNull(object),
    recordId: isJsonObject(record) ? idOrNull(record.id) : null,
    workspace: textOrNull(raw.company_id),
    occurredAtMs: timeOrNull(raw.event_occurred_at),
    record: isJsonObject(record) ? record : null,
    key: keyOf(raw),
    raw,
  });
}
