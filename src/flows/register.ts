// Who performs which effect, and which of them call the same provider app: when that hangs, they hang together.

import type { Dispatcher } from '../../actors/dispatch.ts';
import type {
  DeliverEffect,
  ProcessInboxEffect,
  ReadPageEffect,
  RefreshEffect,
  SubscribeEffect,
  WatchSchemaEffect,
  WriteEffect,
} from '../../machines/effects.ts';
import type { SpanFacts } from '../core/spans.ts';
import type { Reads } from '../store/port.ts';
import { readAppCalled, readAppCalledFor } from '../store/tables/connections.ts';
import { probeFleetHandler, settleFleetHandler } from './connect/fleet.ts';
import { checkCredentialHandler } from './connect/healthCheck.ts';
import { refreshHandler } from './connect/refresh.ts';
import { disableDestinationHandler } from './deliver/disable.ts';
import { deliverHandler } from './deliver/round.ts';
import { applyConfigHandler, tellInstallationsHandler, tellReadsHandler } from './install/effects.ts';
import { closeRunHandler } from './read/operation.ts';
import { readPageHandler } from './read/page.ts';
import { forgetFieldsHandler, watchSchemaHandler } from './schemaWatch/look.ts';
import type { Services } from './services.ts';
import { closeSubscriptionHandler, subscribeHandler } from './subscribe/effect.ts';
import { processInboxHandler } from './subscribe/inbox.ts';
import { traced, tracedSend } from './tracing/traced.ts';
import { closeWriteHandler, writeHandler } from './write/effect.ts';

export function registerHandlers(dispatcher: Dispatcher, services: Services): void {
  const { tracer } = services;
  const { ofConnection, ofInstallation } = appsCalled(services.store.reads);
  dispatcher.register(
    'effect.refresh',
    tracedSend(tracer, 'tenon.token.refresh', refreshHandler(services), refreshFacts),
    ofConnection,
  );
  dispatcher.register('effect.checkCredential', checkCredentialHandler(services), ofConnection);
  dispatcher.register('effect.settleFleet', settleFleetHandler(services));
  dispatcher.register('effect.probeFleet', probeFleetHandler(services));
  dispatcher.register('effect.applyConfig', applyConfigHandler(services));
  dispatcher.register('effect.tellReads', tellReadsHandler(services));
  dispatcher.register('effect.tellInstallations', tellInstallationsHandler(services));
  dispatcher.register(
    'effect.readPage',
    traced(tracer, 'tenon.read.page', readPageHandler(services), pageFacts),
    ofInstallation,
  );
  dispatcher.register('effect.closeRun', closeRunHandler(services));
  dispatcher.register(
    'effect.processInbox',
    traced(tracer, 'tenon.inbox', processInboxHandler(services), turnFacts),
    ofInstallation,
  );
  dispatcher.register(
    'effect.watchSchema',
    traced(tracer, 'tenon.schema.look', watchSchemaHandler(services), lookFacts),
    ofInstallation,
  );
  dispatcher.register('effect.forgetFields', forgetFieldsHandler());
  dispatcher.register(
    'effect.write',
    tracedSend(tracer, 'tenon.write', writeHandler(services), writeFacts),
    ofInstallation,
  );
  dispatcher.register('effect.closeWrite', closeWriteHandler(services));
  dispatcher.register(
    'effect.subscribe',
    traced(tracer, 'tenon.subscribe', subscribeHandler(services), turnFacts),
    ofInstallation,
  );
  dispatcher.register('effect.closeSubscription', closeSubscriptionHandler(services));
  dispatcher.register('effect.deliver', traced(tracer, 'tenon.delivery.round', deliverHandler(services), roundFacts));
  dispatcher.register('effect.disableDestination', disableDestinationHandler(services));
}

/** Whose places an effect takes, by what it is about. */
function appsCalled(reads: Reads) {
  return {
    ofConnection: ({ connectionId }: { readonly connectionId: string }) => readAppCalled(reads, connectionId),
    ofInstallation: ({ installationId }: { readonly installationId: string }) =>
      readAppCalledFor(reads, installationId),
  };
}

function refreshFacts({ connectionId, attempt }: RefreshEffect): SpanFacts {
  return { 'tenon.connection_id': connectionId, 'tenon.attempt': attempt };
}

function pageFacts({ installationId, objectName, run, page, readType }: ReadPageEffect): SpanFacts {
  const of = { 'tenon.installation_id': installationId, 'tenon.object': objectName };
  return { ...of, 'tenon.read.type': readType, 'tenon.read.run': run, 'tenon.read.page': page };
}

function turnFacts({ installationId, attempt }: ProcessInboxEffect | SubscribeEffect): SpanFacts {
  return { 'tenon.installation_id': installationId, 'tenon.attempt': attempt };
}

function lookFacts({ installationId, after, attempt }: WatchSchemaEffect): SpanFacts {
  return { 'tenon.installation_id': installationId, 'tenon.schema.after': after, 'tenon.attempt': attempt };
}

function roundFacts({ laneId, round }: DeliverEffect): SpanFacts {
  return { 'tenon.destination_id': laneId, 'tenon.delivery.round': round };
}

function writeFacts({ installationId, objectName, operationId, attempt }: WriteEffect): SpanFacts {
  const of = { 'tenon.installation_id': installationId, 'tenon.object': objectName };
  return { ...of, 'tenon.operation_id': operationId, 'tenon.attempt': attempt };
}
