// The published shape of a manifest as schemas, one rule per value: types, enums, bounds, schedules and field names.
// Rules between values are in rules.ts, warnings about unknown keys in copy.ts; here those keys mean nothing.

import { z } from 'zod';
import {
  BACKFILL_DAYS_MAX,
  ID_CHARS_MAX,
  MANIFEST_FIELDS_MAX,
  MANIFEST_OBJECTS_MAX,
  MANIFEST_TEXT_CHARS_MAX,
  READ_INTERVAL_MIN_MINUTES,
  SCHEMA_WATCH_INTERVAL_MIN_MINUTES,
} from '../core/limits.ts';
import { fieldNameProblem } from './fieldPath.ts';
import type { FieldSpec, IntegrationSpec } from './manifest.ts';
import { scheduleProblem } from './schedule.ts';

const nameText = z.string().regex(/\S/, 'must not be empty').max(ID_CHARS_MAX);
const displayText = z.string().max(MANIFEST_TEXT_CHARS_MAX);
const always = z.literal('always');

/** A text that `problemOf` finds nothing wrong with. */
function checkedText(problemOf: (text: string) => string | null) {
  return z.string().superRefine((text, context) => {
    const problem = problemOf(text);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  });
}

export const fieldNameText = checkedText(fieldNameProblem);

/** A schedule, or the empty text that stands for none. */
export const readScheduleText = checkedText((text) =>
  text === '' ? null : scheduleProblem(text, READ_INTERVAL_MIN_MINUTES),
);

const schemaWatchScheduleText = checkedText((text) =>
  text === '' ? null : scheduleProblem(text, SCHEMA_WATCH_INTERVAL_MIN_MINUTES),
);

const field = z
  .object({
    fieldName: fieldNameText.exactOptional(),
    mapToName: fieldNameText.exactOptional(),
    mapToDisplayName: displayText.exactOptional(),
    default: fieldNameText.exactOptional(),
    prompt: displayText.exactOptional(),
  })
  .superRefine((value, context) => {
    if (value.fieldName !== undefined || value.mapToName !== undefined) return;
    const message = 'needs a fieldName, or a mapToName that the customer maps';
    context.addIssue({ code: 'custom', message });
  })
  .transform((value): FieldSpec => {
    const { fieldName, mapToName = '', ...rest } = value;
    return fieldName === undefined ? { mapToName, ...rest } : { ...value, fieldName };
  });

export const backfillPeriod = z
  .object({
    days: z.int().min(0).max(BACKFILL_DAYS_MAX).exactOptional(),
    fullHistory: z.boolean().exactOptional(),
  })
  .superRefine((period, context) => {
    if (period.days !== undefined || period.fullHistory !== undefined) return;
    context.addIssue({ code: 'custom', message: 'needs days or fullHistory' });
  });

const fields = z.array(field).max(MANIFEST_FIELDS_MAX);

const readObject = z.object({
  objectName: nameText,
  destination: z.string().max(ID_CHARS_MAX).exactOptional(),
  schedule: readScheduleText.exactOptional(),
  enabled: always.exactOptional(),
  mapToName: nameText.exactOptional(),
  mapToDisplayName: displayText.exactOptional(),
  requiredFields: fields.exactOptional(),
  optionalFields: fields.exactOptional(),
  optionalFieldsAuto: z.literal('all').exactOptional(),
  backfill: z.object({ defaultPeriod: backfillPeriod }).exactOptional(),
  delivery: z
    .object({
      mode: z.enum(['auto', 'onRequest']).exactOptional(),
      pageSize: z.int().min(50).max(500).exactOptional(),
    })
    .exactOptional(),
});

const writeObject = z.object({
  objectName: nameText,
  inheritMapping: z.boolean().exactOptional(),
  valueDefaults: z.object({ allowAnyFields: z.boolean().exactOptional() }).exactOptional(),
});

const event = z.object({ enabled: always.exactOptional() });

const updateEvent = z
  .object({
    enabled: always.exactOptional(),
    watchFieldsAuto: z.enum(['all', 'selected']).exactOptional(),
    requiredWatchFields: z.array(fieldNameText).max(MANIFEST_FIELDS_MAX).exactOptional(),
  })
  .superRefine((update, context) => {
    if (update.watchFieldsAuto === undefined || update.requiredWatchFields === undefined) return;
    const message = 'excludes watchFieldsAuto: keep one of the two';
    context.addIssue({ code: 'custom', path: ['requiredWatchFields'], message });
  });

const subscribeObject = z.object({
  objectName: nameText,
  destination: nameText,
  inheritFieldsAndMapping: z.boolean().exactOptional(),
  createEvent: event.exactOptional(),
  updateEvent: updateEvent.exactOptional(),
  deleteEvent: event.exactOptional(),
  associationChangeEvent: z
    .object({ enabled: always.exactOptional(), includeFullRecords: z.boolean().exactOptional() })
    .exactOptional(),
  otherEvents: z.array(nameText).max(MANIFEST_FIELDS_MAX).exactOptional(),
});

const watched = z.object({ enabled: always });

function objectsOf<Item extends z.ZodType>(item: Item) {
  return z.object({ objects: z.array(item).min(1).max(MANIFEST_OBJECTS_MAX) });
}

export const integrationSchema = z.object({
  name: nameText,
  provider: nameText,
  displayName: displayText.exactOptional(),
  module: nameText.exactOptional(),
  read: objectsOf(readObject).exactOptional(),
  write: objectsOf(writeObject).exactOptional(),
  proxy: z.object({ enabled: z.boolean().exactOptional(), useModule: z.boolean().exactOptional() }).exactOptional(),
  subscribe: objectsOf(subscribeObject).exactOptional(),
  watchSchema: z
    .object({
      destination: nameText,
      schedule: schemaWatchScheduleText.exactOptional(),
      allObjects: z.object({
        fieldCreated: watched.exactOptional(),
        fieldDeleted: watched.exactOptional(),
        fieldChanged: watched.exactOptional(),
      }),
    })
    .exactOptional(),
}) satisfies z.ZodType<IntegrationSpec>;

/** The keys of the file itself; the integrations are parsed one by one, so that each reports all of its problems. */
export const manifestSchema = z.object({ specVersion: z.literal('1.0.0'), integrations: z.array(integrationSchema) });
