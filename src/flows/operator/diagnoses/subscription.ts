// Reasons why the provider does not send what an installation subscribes to.

import type { Facts } from '../facts.ts';
import { enteredAt } from '../past.ts';
import { type Diagnosis, type Fault, nextAt, quoted, times } from './diagnosis.ts';
import { faultOf } from './reads.ts';

const WAITS_FOR = 'its subscriptions to be made';

const REMEDIES: Readonly<Partial<Record<Fault, string>>> = {
  operator: 'Set TENON_SALESFORCE_EVENT_RELAY as docs/webhooks.md tells and start the server again.',
  customer: 'Have the customer grant the missing permission in their account.',
  builder: 'Change what the integration subscribes to (manifest or config), as the message says.',
};

export function subscriptionFailed({ subscription }: Facts): Diagnosis | null {
  if (subscription?.state !== 'failed') return null;
  const { lastError } = subscription.context;
  const fault = (lastError ?? '').includes('TENON_') ? 'operator' : faultOf(lastError, 'builder');
  return {
    name: 'subscriptionFailed',
    isWell: false,
    waitsFor: WAITS_FOR,
    since: enteredAt(subscription),
    next: nextAt('It is tried once more', subscription.wakeAtMs),
    says: `The provider sends nothing of what it subscribes to: ${quoted(lastError)}.`,
    fault,
    remedy: REMEDIES[fault] ?? '',
  };
}

export function subscriptionFailing({ subscription, providerName }: Facts): Diagnosis | null {
  if (subscription === null || subscription.context.attempt === 0) return null;
  if (subscription.state !== 'waiting' && subscription.state !== 'applying') return null;
  const { attempt, lastError } = subscription.context;
  return {
    name: 'subscriptionFailing',
    isWell: false,
    waitsFor: WAITS_FOR,
    since: enteredAt(subscription, ['waiting', 'applying']),
    next: nextAt('The next try is', subscription.wakeAtMs),
    says: `The provider was asked ${times(attempt)} to send what it subscribes to: ${quoted(lastError)}.`,
    fault: faultOf(lastError, 'provider'),
    remedy: `There is nothing to do unless it goes on; then ask ${providerName}.`,
  };
}
