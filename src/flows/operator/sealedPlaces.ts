// Where each stored secret was sealed for: the flows that seal them say it, this collects what they say by table.

import { CREDENTIAL_PURPOSE } from '../../../actors/tokenManager.ts';
import type { Effect } from '../../../machines/effects.ts';
import type { SealedPlace } from '../../auth/vault.ts';
import { invariant } from '../../core/errors.ts';
import type { SealedRow, SealedTable } from '../../store/tables/sealed.ts';
import { PARKED_PURPOSE } from '../connect/parked.ts';
import { answerPlace } from '../connect/refresh.ts';
import { signingPlace } from '../destinations.ts';
import { clientSecretPlace, webhookSecretPlace } from '../providerApps.ts';
import { subscriptionPlace } from '../subscribe/places.ts';
import { writeAnswerPlace } from '../write/effect.ts';
import { writeRequestPlace } from '../write/stored.ts';

const PLACES: Readonly<Record<SealedTable, (row: SealedRow) => SealedPlace>> = {
  credentials: ({ id, detail }) => ({
    connectionId: id,
    generation: Number(detail),
    purpose: CREDENTIAL_PURPOSE,
  }),
  providerApps: ({ id }) => clientSecretPlace(id),
  // An app and an installation never have the same id.
  appWebhookSecrets: ({ id }) => webhookSecretPlace(id),
  webhookSecrets: ({ id }) => webhookSecretPlace(id),
  destinations: ({ id }) => signingPlace(id),
  oauthStates: ({ id }) => ({ connectionId: id, generation: 0, purpose: PARKED_PURPOSE }),
  writeRequests: ({ id }) => writeRequestPlace(id),
  subscriptions: ({ id, detail }) => subscriptionPlace(id, Number(detail)),
  effects: ({ detail }) => {
    const effect = JSON.parse(String(detail)) as Effect;
    if (effect.type === 'effect.write') return writeAnswerPlace(effect);
    invariant(
      effect.type === 'effect.refresh',
      'T-3701',
      `nobody said where an answer to ${effect.type} is sealed for`,
    );
    return answerPlace(effect);
  },
};

/** Rejects with `invariant` an answer to an effect that has none. */
export function placeOf(table: SealedTable, row: SealedRow): SealedPlace {
  return PLACES[table](row);
}
