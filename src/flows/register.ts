// Who performs which effect.

import type { Dispatcher } from '../../actors/dispatch.ts';
import { probeFleetHandler, settleFleetHandler } from './connect/fleet.ts';
import { checkCredentialHandler } from './connect/healthCheck.ts';
import { refreshHandler } from './connect/refresh.ts';
import { deliverHandler } from './deliver/round.ts';
import { applyConfigHandler, tellInstallationsHandler, tellReadsHandler } from './install/effects.ts';
import { closeRunHandler } from './read/operation.ts';
import { readPageHandler } from './read/page.ts';
import type { Services } from './services.ts';

export function registerHandlers(dispatcher: Dispatcher, services: Services): void {
  dispatcher.register('effect.refresh', refreshHandler(services));
  dispatcher.register('effect.checkCredential', checkCredentialHandler(services));
  dispatcher.register('effect.settleFleet', settleFleetHandler(services));
  dispatcher.register('effect.probeFleet', probeFleetHandler(services));
  dispatcher.register('effect.applyConfig', applyConfigHandler(services));
  dispatcher.register('effect.tellReads', tellReadsHandler(services));
  dispatcher.register('effect.tellInstallations', tellInstallationsHandler(services));
  dispatcher.register('effect.readPage', readPageHandler(services));
  dispatcher.register('effect.closeRun', closeRunHandler(services));
  dispatcher.register('effect.deliver', deliverHandler(services));
}
