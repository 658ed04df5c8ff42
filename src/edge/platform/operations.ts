// The table of the platform API.

import { CONNECTION_OPERATIONS } from './connections.ts';
import { DESTINATION_OPERATIONS } from './destinations.ts';
import { INSTALLATION_OPERATIONS } from './installations.ts';
import { INTEGRATION_OPERATIONS } from './integrations.ts';
import { KEY_OPERATIONS } from './keys.ts';
import { METADATA_OPERATIONS } from './metadata.ts';
import type { Operation } from './operation.ts';
import { ORG_OPERATIONS } from './org.ts';
import { PROJECT_OPERATIONS } from './projects.ts';
import { PROVIDER_OPERATIONS } from './providers.ts';
import { READ_OPERATIONS } from './reads.ts';
import { RUN_OPERATIONS } from './runs.ts';
import { SEARCH_OPERATIONS } from './search.ts';
import { NOTIFICATION_OPERATIONS } from './topics.ts';
import { WRITE_OPERATIONS } from './writes.ts';

export const OPERATIONS: readonly Operation[] = [
  ...PROVIDER_OPERATIONS,
  ...PROJECT_OPERATIONS,
  ...DESTINATION_OPERATIONS,
  ...INTEGRATION_OPERATIONS,
  ...INSTALLATION_OPERATIONS,
  ...CONNECTION_OPERATIONS,
  ...READ_OPERATIONS,
  ...WRITE_OPERATIONS,
  ...SEARCH_OPERATIONS,
  ...RUN_OPERATIONS,
  ...METADATA_OPERATIONS,
  ...NOTIFICATION_OPERATIONS,
  ...KEY_OPERATIONS,
  ...ORG_OPERATIONS,
];
