// Where each stored secret was sealed for: the flows that seal them say it, this collects what they say by table.

import { CREDENTIAL_PURPOSE } from '../../../actors/tokenManager.ts';
import type { Effect } from '../../../machines/effects.ts';
import type { SealedPlace } from '../../auth/vault.ts';
import { invariant } from '../../core/errors.ts';
import type { SealedRow, SealedTable } from '../../store/tables/sealed.ts';
import { PARKED_PURPOSE } from '../connect/parked.ts';
import { answerPlace } from '../connect/refresh.ts';
import { signingPlace } from '../destinations.ts';
import { clientSecretPlace } from '../providerApps.ts';

const PLACES: Readonly<Record<SealedTable, (row: SealedRow) => SealedPlace>> = {
  credentials: ({ id, detail }) => ({
    connectionId: id,
    generation: Number(detail),
    purpose: CREDENTIAL_PURPOSE,
  }),
  providerApps: ({ id }) => clientSecretPlace(id),
  destinations: ({ id }) => signingPlace(id),
  oauthStates: ({ id }) => ({ connectionId: id, generation: 0, purpose: PARKED_PURPOSE }),
  effects: ({ detail }) => {
    const effect = JSON.parse(String(detail)) as Effect;
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
