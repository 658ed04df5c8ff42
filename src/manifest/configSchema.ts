// The published shape of an installation config as schemas. Loose: unknown keys pass through and are stored, so that a
// newer client finds its settings again; and nearly everything is optional, because clients send partial contents.

import { z } from 'zod';
import { FIELD_NAME_CHARS_MAX, ID_CHARS_MAX, MANIFEST_FIELDS_MAX, MANIFEST_OBJECTS_MAX } from '../core/limits.ts';
import type { ConfigContent } from './config.ts';
import { backfillPeriod, fieldNameText, readScheduleText } from './schema.ts';

const shortText = z.string().max(ID_CHARS_MAX);
/** Names of fields and objects as keys of a map. */
const key = z.string().min(1).max(FIELD_NAME_CHARS_MAX);
/** A mapping the customer left blank arrives as an empty text. */
const mappedField = z.union([z.literal(''), fieldNameText]);

function mapOf<Value extends z.ZodType>(value: Value, entriesMax: number) {
  return z.record(key, value).refine((map) => Object.keys(map).length <= entriesMax, {
    message: `must have at most ${entriesMax} entries`,
  });
}

const fieldFilters = z
  .array(
    z.looseObject({
      fieldName: fieldNameText,
      operator: z.literal('eq'),
      value: z.union([z.string(), z.number(), z.boolean()], 'must be a text, a number, true or false').exactOptional(),
    }),
  )
  .max(MANIFEST_FIELDS_MAX);

const readConfig = z.looseObject({
  objectName: shortText.exactOptional(),
  schedule: readScheduleText.exactOptional(),
  destination: shortText.exactOptional(),
  disabled: z.boolean().exactOptional(),
  selectedFields: mapOf(z.boolean(), MANIFEST_FIELDS_MAX).exactOptional(),
  selectedFieldMappings: mapOf(mappedField, MANIFEST_FIELDS_MAX).exactOptional(),
  selectedValueMappings: mapOf(mapOf(z.string(), MANIFEST_FIELDS_MAX), MANIFEST_FIELDS_MAX).exactOptional(),
  selectedFieldsAuto: z.literal('all').exactOptional(),
  dynamicMappingsInput: z
    .array(z.looseObject({ mapToName: fieldNameText.exactOptional(), fieldName: mappedField.exactOptional() }))
    .max(MANIFEST_FIELDS_MAX)
    .exactOptional(),
  backfill: z
    .looseObject({ defaultPeriod: backfillPeriod, fieldFilters: fieldFilters.exactOptional() })
    .exactOptional(),
  fieldFilters: fieldFilters.exactOptional(),
});

const scalar = z.union([z.string(), z.number(), z.boolean()]);

const writeConfig = z.looseObject({
  objectName: shortText.exactOptional(),
  deletionSettings: z.looseObject({ enabled: z.boolean() }).exactOptional(),
  selectedFieldSettings: mapOf(
    z.looseObject({
      default: z
        .looseObject({
          stringValue: z.string().exactOptional(),
          integerValue: z.int().exactOptional(),
          booleanValue: z.boolean().exactOptional(),
        })
        .exactOptional(),
      writeOnCreate: z.enum(['always', 'never']).exactOptional(),
      writeOnUpdate: z.enum(['always', 'never', 'ifEmpty']).exactOptional(),
    }),
    MANIFEST_FIELDS_MAX,
  ).exactOptional(),
  selectedValueDefaults: mapOf(
    z.union(
      [z.string(), z.looseObject({ value: scalar, applyOnUpdate: z.enum(['always', 'never']).exactOptional() })],
      'must be a text or {value, applyOnUpdate}',
    ),
    MANIFEST_FIELDS_MAX,
  ).exactOptional(),
});

const event = z.looseObject({ enabled: z.enum(['always', 'never']) });

const subscribeConfig = z.looseObject({
  objectName: shortText.exactOptional(),
  destination: shortText.exactOptional(),
  inheritFieldsAndMappings: z.boolean().exactOptional(),
  inheritFieldsAndMapping: z.boolean().exactOptional(),
  createEvent: event.exactOptional(),
  updateEvent: event
    .extend({
      watchFieldsAuto: z.enum(['all', 'selected']).exactOptional(),
      requiredWatchFields: z.array(fieldNameText).max(MANIFEST_FIELDS_MAX).exactOptional(),
    })
    .exactOptional(),
  deleteEvent: event.exactOptional(),
  otherEvents: z.array(shortText).max(MANIFEST_FIELDS_MAX).exactOptional(),
  salesforceQuotaOptimization: z.looseObject({ enabled: z.boolean() }).exactOptional(),
  providerOptions: z
    .looseObject({ quotaOptimization: z.looseObject({ enabled: z.boolean() }).exactOptional() })
    .exactOptional(),
});

export const configSchema = z.looseObject({
  provider: shortText.exactOptional(),
  read: z.looseObject({ objects: mapOf(readConfig, MANIFEST_OBJECTS_MAX) }).exactOptional(),
  write: z.looseObject({ objects: mapOf(writeConfig, MANIFEST_OBJECTS_MAX).exactOptional() }).exactOptional(),
  subscribe: z.looseObject({ objects: mapOf(subscribeConfig, MANIFEST_OBJECTS_MAX) }).exactOptional(),
  proxy: z.looseObject({ enabled: z.boolean().exactOptional() }).exactOptional(),
}) satisfies z.ZodType<ConfigContent>;
