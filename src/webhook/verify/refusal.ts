// What every scheme says of a webhook that it does not believe. The messages name headers and reasons, never what was
// sent or expected.

import { IntegrationError } from '../../core/errors.ts';

/** The error of a webhook that nobody has proved to be the provider's. */
export function refusal(reason: string): IntegrationError {
  return new IntegrationError('unauthenticated', `the webhook is not taken for the provider's: ${reason}`);
}
