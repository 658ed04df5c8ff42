// What is really subscribed to for an installation: the manifest's subscribe objects, overlaid with the config, with
// the fields and mappings they inherit from the read object of the same name. Called when an installation changes and
// when an event arrives. Invariant: plain data that depends on nothing else.

import { type ConfigContent, isQuotaOptimized, type SubscribeConfig } from './config.ts';
import { type EffectiveRead, effectiveReads } from './effective.ts';
import type { IntegrationSpec, SubscribeObjectSpec } from './manifest.ts';

export interface EffectiveSubscription {
  /** The provider's name, as the manifest writes it. */
  readonly objectName: string;
  /** The name in messages. */
  readonly deliveredName: string;
  readonly destination: string;
  readonly events: readonly ('create' | 'update' | 'delete' | 'associationChange')[];
  /** Whether the records of a changed association are fetched. */
  readonly includesFullRecords: boolean;
  /** Raw event names of the provider. */
  readonly otherEvents: readonly string[];
  /** Provider fields whose change is an update, without repetition; null for all. */
  readonly watchedFields: readonly string[] | null;
  /** The provider is asked to leave out what concerns no watched field. */
  readonly isQuotaOptimized: boolean;
  /** What is delivered of a record; null where nothing is inherited. */
  readonly read: EffectiveRead | null;
}

/**
 * In the manifest's order. The published screen never sends subscriptions, so they hold unless the config says
 * otherwise; but one that inherits needs the customer to have the object read, or there is nothing to deliver.
 */
export function effectiveSubscriptions(
  integration: IntegrationSpec,
  config: ConfigContent,
): readonly EffectiveSubscription[] {
  const reads = new Map(effectiveReads(integration, config).map((read) => [read.objectName.toLowerCase(), read]));
  const configs = new Map(
    Object.entries(config.subscribe?.objects ?? {}).map(([name, object]) => [name.toLowerCase(), object]),
  );
  return (integration.subscribe?.objects ?? []).flatMap((spec) => {
    const key = spec.objectName.toLowerCase();
    const chosen = configs.get(key) ?? {};
    const { inheritFieldsAndMappings: plural, inheritFieldsAndMapping: singular } = chosen;
    const inherits = plural ?? singular ?? spec.inheritFieldsAndMapping ?? false;
    const read = inherits ? (reads.get(key) ?? null) : null;
    const events = inherits && read === null ? [] : eventsOf(spec, chosen);
    const otherEvents = chosen.otherEvents ?? spec.otherEvents ?? [];
    if (events.length === 0 && otherEvents.length === 0) return [];
    return [
      {
        objectName: spec.objectName,
        deliveredName: read?.deliveredName ?? spec.objectName,
        destination: chosen.destination || spec.destination,
        events,
        includesFullRecords: spec.associationChangeEvent?.includeFullRecords === true,
        otherEvents: [...new Set(otherEvents)],
        watchedFields: watchedFields(spec, chosen, read),
        isQuotaOptimized: isQuotaOptimized(chosen),
        read,
      },
    ];
  });
}

/** Whether the provider has to be asked for the same by both. */
export function isSameSubscriptions(before: IntegrationSpec, after: IntegrationSpec, config: ConfigContent): boolean {
  const asked = (integration: IntegrationSpec) =>
    effectiveSubscriptions(integration, config)
      .map(({ objectName, events, otherEvents, watchedFields, isQuotaOptimized: isOptimized }) =>
        JSON.stringify([objectName, events, otherEvents, watchedFields, isOptimized]),
      )
      .toSorted();
  return asked(before).join() === asked(after).join();
}

/** A config can switch events on and off; of associations it says nothing. */
function eventsOf(spec: SubscribeObjectSpec, config: SubscribeConfig): EffectiveSubscription['events'] {
  const isOn = (event: 'createEvent' | 'updateEvent' | 'deleteEvent') =>
    (config[event]?.enabled ?? spec[event]?.enabled) === 'always';
  return [
    ...(isOn('createEvent') ? (['create'] as const) : []),
    ...(isOn('updateEvent') ? (['update'] as const) : []),
    ...(isOn('deleteEvent') ? (['delete'] as const) : []),
    ...(spec.associationChangeEvent?.enabled === 'always' ? (['associationChange'] as const) : []),
  ];
}

/** What the config says of watching replaces what the manifest says; where neither says anything, all are watched. */
function watchedFields(
  spec: SubscribeObjectSpec,
  config: SubscribeConfig,
  read: EffectiveRead | null,
): readonly string[] | null {
  const { updateEvent: chosen } = config;
  const saysSo = chosen?.watchFieldsAuto !== undefined || chosen?.requiredWatchFields !== undefined;
  const { watchFieldsAuto, requiredWatchFields } = (saysSo ? chosen : spec.updateEvent) ?? {};
  if (watchFieldsAuto === 'selected') return read === null || read.wantsAllFields ? null : read.fields;
  if (watchFieldsAuto === 'all' || requiredWatchFields === undefined) return null;
  const fields = new Map(read?.mappings.map(({ mapToName, fieldName }) => [mapToName, fieldName]));
  const named = requiredWatchFields.map((name) => fields.get(name) ?? name);
  return [...new Map(named.map((name) => [name.toLowerCase(), name])).values()];
}
