// What lies with the looks at the fields of an installation's objects. Nobody waits for them; somebody should know.

import type { Facts } from '../facts.ts';
import { UNKNOWN_SINCE } from '../past.ts';
import { type Diagnosis, nextAt, quoted } from './diagnosis.ts';
import { faultOf, GIVEN_UP_REMEDIES } from './reads.ts';

/** As the look itself says it. */
const NO_DESTINATION = /\bno destination named\b/;

export function fieldsUnseen({ schemaWatch, providerName }: Facts): Diagnosis | null {
  const unseen = schemaWatch?.context.unseen ?? null;
  if (schemaWatch === null || unseen === null) return null;
  const isUnheard = NO_DESTINATION.test(unseen);
  const fault = isUnheard ? 'builder' : faultOf(unseen, 'provider');
  return {
    name: 'fieldsUnseen',
    isWell: false,
    waitsFor: 'nothing',
    since: UNKNOWN_SINCE,
    next: nextAt('Fields are looked at again', schemaWatch.wakeAtMs),
    says: `Changes of fields are not told, because the last look did not see all of them: ${quoted(unseen)}.`,
    fault,
    remedy: isUnheard
      ? 'Make the destination, or name another one in `watchSchema` and deploy the manifest.'
      : GIVEN_UP_REMEDIES[fault](providerName),
  };
}
