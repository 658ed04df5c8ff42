// What is asked to be written into a customer's account: a record or a batch of them, answered with what became of it,
// or with the operation that will tell.
// The address is that of a read that is asked for: see `isWrite.ts`.

import { z } from 'zod';
import type { JsonObject } from '../../core/json.ts';
import {
  WRITE_DEADLINE_HOURS,
  WRITE_DEADLINE_HOURS_MAX,
  WRITE_DELAY_MINUTES_MAX,
  WRITE_HEADER_CHARS_MAX,
  WRITE_HEADERS_MAX,
  WRITE_RECORDS_MAX,
} from '../../core/limits.ts';
import { HOUR_MS, MINUTE_MS } from '../../core/time.ts';
import type { GivenRecord, WriteRequest } from '../../flows/write/request.ts';
import { collectWrite, writeLater } from '../../flows/write/writeLater.ts';
import { writeNow } from '../../flows/write/writeNow.ts';
import type { InstallationRow } from '../../store/tables/installations.ts';
import type { EdgeServices } from '../context.ts';
import { ref } from './input.ts';
import { installationOfGroup } from './installations.ts';
import { integrationOf } from './integrations.ts';
import { isWrite } from './isWrite.ts';
import { type Operation, operation, Unsuccessful } from './operation.ts';
import { OBJECT } from './reads.ts';

/** A token of HTTP, and text without the ends of lines. */
const HEADER_NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/;
/** Conditions that a change itself makes untrue: sent again after a lost answer, it would seem to have failed. */
const UNCHANGED_ONLY = /^if-(match|unmodified-since)$/i;
const HEADER_VALUE = /^[\t\x20-\x7e]*$/;

const record = z.record(z.string(), z.unknown());
const associations = z.array(record).optional();

function hours(max: number) {
  return z.int().min(1).max(max).optional();
}

const writeFields = z.object({
  groupRef: ref,
  type: z.enum(['create', 'update', 'delete']),
  mode: z.enum(['synchronous', 'asynchronous']).optional(),
  record: record.optional(),
  associations,
  batch: z.array(z.object({ record, associations })).min(1).max(WRITE_RECORDS_MAX).optional(),
  batchPolicy: z.object({ allOrNone: z.boolean().optional() }).optional(),
  retryPolicy: z.object({ deadlineHours: hours(WRITE_DEADLINE_HOURS_MAX) }).optional(),
  autoBatchPolicy: z
    .object({
      maxDelayMinutes: z.int().min(1).max(WRITE_DELAY_MINUTES_MAX),
      retryDeadlineHours: hours(WRITE_DEADLINE_HOURS_MAX),
    })
    .optional(),
  headers: z
    .array(
      z.object({
        key: z.string().regex(HEADER_NAME, 'must be the name of a header'),
        value: z.string().max(WRITE_HEADER_CHARS_MAX).regex(HEADER_VALUE, 'must be printable ASCII'),
      }),
    )
    .max(WRITE_HEADERS_MAX)
    .optional(),
});

type WriteBody = z.output<typeof writeFields>;

/** What one member says of another. */
const writeBody = writeFields.superRefine((body, context) => {
  const refuse = (path: (string | number)[], message: string) => context.addIssue({ code: 'custom', path, message });
  if ((body.record === undefined) === (body.batch === undefined)) {
    refuse(['record'], 'or batch is required, and not both');
    return;
  }
  if (body.type === 'delete' && body.batch !== undefined) refuse(['batch'], 'cannot be deleted: name one record');
  if (body.type === 'delete' && body.mode === 'asynchronous') refuse(['mode'], 'of a deletion is synchronous');
  if (body.autoBatchPolicy !== undefined) {
    if (body.mode !== 'asynchronous') refuse(['autoBatchPolicy'], 'needs the mode asynchronous');
    if (body.batch !== undefined) refuse(['autoBatchPolicy'], 'is for single records');
    if ((body.headers ?? []).length > 0) refuse(['headers'], 'are of one call, and a batch that is collected has many');
  }
  if (body.type === 'create') return;
  const condition = body.headers?.find(({ key }) => UNCHANGED_ONLY.test(key))?.key;
  if (body.mode === 'asynchronous' && condition !== undefined) {
    refuse(
      ['headers'],
      `with ${condition} need the mode synchronous: a change that nobody waits for may be sent twice`,
    );
  }
  if (body.record !== undefined && !hasId(body.record)) refuse(['record', 'id'], 'is required');
  for (const [index, one] of (body.batch ?? []).entries()) {
    if (!hasId(one.record)) refuse(['batch', index, 'record', 'id'], 'is required');
  }
});

/** A URL loses `.` and `..`, however they are written: the call would be about something else. */
const NO_ID = /^\.{0,2}$/;

function hasId({ id }: Readonly<Record<string, unknown>>): boolean {
  return (typeof id === 'string' && !NO_ID.test(id)) || typeof id === 'number';
}

/** The single record of a write counts as one. */
function recordsOf({ record: single, associations: linked, batch }: WriteBody): readonly GivenRecord[] {
  const given = batch ?? (single === undefined ? [] : [{ record: single, associations: linked }]);
  return given.map((one) => ({
    record: one.record as JsonObject,
    associations: (one.associations ?? []) as readonly JsonObject[],
  }));
}

function requestOf(objectName: string, body: WriteBody): WriteRequest {
  return {
    objectName,
    type: body.type,
    records: recordsOf(body),
    isBatch: body.batch !== undefined,
    // Of a batch that somebody sends: one that is collected is of several requests.
    isAllOrNone: body.batch !== undefined && body.batchPolicy?.allOrNone === true,
    headers: Object.fromEntries((body.headers ?? []).map(({ key, value }) => [key.toLowerCase(), value])),
  };
}

function later(
  services: EdgeServices,
  installation: InstallationRow,
  request: WriteRequest,
  { retryPolicy, autoBatchPolicy }: WriteBody,
): Promise<string> {
  if (autoBatchPolicy === undefined) {
    const { deadlineHours = WRITE_DEADLINE_HOURS } = retryPolicy ?? {};
    return writeLater(services, installation, request, deadlineHours * HOUR_MS);
  }
  const { maxDelayMinutes, retryDeadlineHours = WRITE_DEADLINE_HOURS } = autoBatchPolicy;
  const policy = { delayMs: maxDelayMinutes * MINUTE_MS, deadlineMs: retryDeadlineHours * HOUR_MS };
  return collectWrite(services, installation, request, policy);
}

export const WRITE_OPERATIONS: readonly Operation[] = [
  operation({
    id: 'writeRecords',
    method: 'POST',
    path: OBJECT,
    access: 'project',
    summary: 'create, change or delete records of a group',
    status: 200,
    problems: 'textFaults',
    isMeant: isWrite,
    body: writeBody,
    async handle({ services, project, params, body }) {
      const integration = integrationOf(services, project, params.integrationId);
      const installation = installationOfGroup(services, project, integration, body.groupRef);
      const request = requestOf(params.objectName, body);
      if (body.mode === 'asynchronous') return { operationId: await later(services, installation, request, body) };
      const answer = await writeNow(services, installation, request);
      return answer.isSuccess ? answer.body : new Unsuccessful(422, answer.body);
    },
  }),
];
