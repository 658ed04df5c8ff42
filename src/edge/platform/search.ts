// Searches: records of an object by the values of their fields, answered at once.

import { z } from 'zod';
import { FIELD_NAME_CHARS_MAX, SEARCH_FILTERS_MAX, SEARCH_VALUE_CHARS_MAX } from '../../core/limits.ts';
import { searchRecords } from '../../flows/search/search.ts';
import { ref } from './input.ts';
import { installationOfGroup } from './installations.ts';
import { integrationOf } from './integrations.ts';
import { type Operation, operation } from './operation.ts';

const VALUE = `must be a text of at most ${SEARCH_VALUE_CHARS_MAX} characters, a number, true or false`;

const fieldFilter = z.object({
  fieldName: z.string().min(1).max(FIELD_NAME_CHARS_MAX),
  operator: z.literal('eq', { error: 'must be eq: records are searched by equal values' }),
  value: z.union([z.string().max(SEARCH_VALUE_CHARS_MAX), z.number(), z.boolean()], { error: VALUE }),
});

const searchBody = z.object({
  objectName: z.string().min(1).max(FIELD_NAME_CHARS_MAX),
  fieldFilters: z.array(fieldFilter).min(1).max(SEARCH_FILTERS_MAX),
});

export const SEARCH_OPERATIONS: readonly Operation[] = [
  operation({
    id: 'searchRecords',
    method: 'POST',
    path: '/projects/{projectIdOrName}/integrations/{integrationId}',
    access: 'project',
    summary: 'search an object of a group by values of its fields, and answer one page',
    status: 200,
    problems: 'jsonFaults',
    query: z.object({ groupRef: ref }),
    body: searchBody,
    async handle({ services, project, params, query, body }) {
      const integration = integrationOf(services, project, params.integrationId);
      const installation = installationOfGroup(services, project, integration, query.groupRef);
      const found = await searchRecords(services, integration, installation, body);
      // The published description has one name and its examples the other.
      return { result: found, results: found };
    },
  }),
];
