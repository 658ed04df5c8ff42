// The manifest in the published shape: what a builder writes as amp.yaml and what is stored as the content of
// a manifest revision. Plain JSON; only `parseManifest` makes one, so every value here is already validated.

export interface Manifest {
  readonly specVersion: '1.0.0';
  readonly integrations: readonly IntegrationSpec[];
}

/** One integration of the file. At least one of read, write, proxy and subscribe is present. */
export interface IntegrationSpec {
  readonly name: string;
  readonly provider: string;
  readonly displayName?: string;
  readonly module?: string;
  readonly read?: { readonly objects: readonly ReadObjectSpec[] };
  readonly write?: { readonly objects: readonly WriteObjectSpec[] };
  readonly proxy?: ProxySpec;
  readonly subscribe?: { readonly objects: readonly SubscribeObjectSpec[] };
  readonly watchSchema?: WatchSchemaSpec;
}

export interface ReadObjectSpec {
  /** The provider's own name, case kept. */
  readonly objectName: string;
  readonly destination?: string;
  /** Five-field cron in UTC; absent or empty means the object is read on request only. */
  readonly schedule?: string;
  /** `always`: read for every installation, chosen by its config or not. */
  readonly enabled?: 'always';
  readonly mapToName?: string;
  readonly mapToDisplayName?: string;
  readonly requiredFields?: readonly FieldSpec[];
  readonly optionalFields?: readonly FieldSpec[];
  readonly optionalFieldsAuto?: 'all';
  readonly backfill?: BackfillSpec;
  readonly delivery?: { readonly mode?: 'auto' | 'onRequest'; readonly pageSize?: number };
}

/** A field the builder named, or one that the customer picks in the connect screen. */
export type FieldSpec = ExistentFieldSpec | MappingFieldSpec;

export interface ExistentFieldSpec {
  /** A provider field, or a path into the record such as `$['address']['city']`. */
  readonly fieldName: string;
  readonly mapToName?: string;
  readonly mapToDisplayName?: string;
}

export interface MappingFieldSpec {
  readonly fieldName?: never;
  readonly mapToName: string;
  readonly mapToDisplayName?: string;
  /** The provider field taken where the customer picked none. */
  readonly default?: string;
  readonly prompt?: string;
}

export interface BackfillSpec {
  readonly defaultPeriod: { readonly days?: number; readonly fullHistory?: boolean };
}

export interface WriteObjectSpec {
  readonly objectName: string;
  readonly inheritMapping?: boolean;
  readonly valueDefaults?: { readonly allowAnyFields?: boolean };
}

export interface ProxySpec {
  /** Absent means false. */
  readonly enabled?: boolean;
  /** True: calls go to the module's base URL instead of the provider's. */
  readonly useModule?: boolean;
}

export interface EventSpec {
  /** Absent means that the event is not subscribed to. */
  readonly enabled?: 'always';
}

export interface UpdateEventSpec extends EventSpec {
  /** Excludes `requiredWatchFields`. */
  readonly watchFieldsAuto?: 'all' | 'selected';
  /** Provider field names or mapped names. */
  readonly requiredWatchFields?: readonly string[];
}

export interface SubscribeObjectSpec {
  readonly objectName: string;
  readonly destination: string;
  readonly inheritFieldsAndMapping?: boolean;
  readonly createEvent?: EventSpec;
  readonly updateEvent?: UpdateEventSpec;
  readonly deleteEvent?: EventSpec;
  readonly associationChangeEvent?: EventSpec & { readonly includeFullRecords?: boolean };
  /** Raw event names of the provider. */
  readonly otherEvents?: readonly string[];
}

export interface WatchSchemaSpec {
  readonly destination: string;
  /** Five-field cron in UTC, at most hourly; absent means daily. */
  readonly schedule?: string;
  readonly allObjects: {
    readonly fieldCreated?: { readonly enabled: 'always' };
    readonly fieldDeleted?: { readonly enabled: 'always' };
    readonly fieldChanged?: { readonly enabled: 'always' };
  };
}
