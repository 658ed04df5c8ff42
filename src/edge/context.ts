// What handlers of the edge find in a request's context.

import type { IncomingMessage } from 'node:http';
import type { ProjectId } from '../core/ids.ts';
import type { Services } from '../flows/services.ts';

/** Who calls, by API key. */
export interface Caller {
  readonly projectId: ProjectId;
  readonly scopes: ReadonlySet<string>;
}

export interface EdgeEnv {
  /** Present where the server is node:http; elsewhere requests are WHATWG objects only. */
  Bindings: { readonly incoming?: IncomingMessage };
  Variables: { caller: Caller };
}

/** What the edge works with: the services of the flows. */
export type EdgeServices = Services;
