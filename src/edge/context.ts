// What handlers of the edge find in a request's context.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Context } from 'hono';
import type { ProjectId } from '../core/ids.ts';
import type { Ms } from '../core/time.ts';
import type { Customer } from '../flows/customerTokens.ts';
import type { Services } from '../flows/services.ts';
import type { Operation } from './platform/operation.ts';

/** Who calls, by API key. */
export interface Caller {
  readonly projectId: ProjectId;
  readonly scopes: ReadonlySet<string>;
  /** Null: the key does not expire. */
  readonly expiresAtMs: Ms | null;
}

/**
 * Who calls the platform API: a `key` works in its project, a `customer` in that project for one group, a `builder` in
 * every project; of `anybody` nothing is known.
 */
export type Principal =
  | ({ readonly kind: 'key' } & Caller)
  | ({ readonly kind: 'customer' } & Customer)
  | { readonly kind: 'builder' }
  | { readonly kind: 'anybody' };

export interface EdgeEnv {
  /** Present where the server is node:http; elsewhere requests are WHATWG objects only. */
  Bindings: { readonly incoming?: IncomingMessage; readonly outgoing?: ServerResponse };
  Variables: {
    /** What of the platform API was asked for. */
    operation?: Operation;
    /** The methods of a path that was called with another. */
    allow?: string;
    /** Whose call it is, once that is known. */
    projectId?: ProjectId;
    /** See `calls.ts`; not there where no route was found. */
    requestId?: string;
    /** An answer that was begun could not be written to its end. */
    isBroken?: boolean;
  };
}

/** The answer of node:http, where that is the server. An app that is called without a server has no bindings at all. */
export function outgoingOf({ env }: Context<EdgeEnv>): ServerResponse | undefined {
  return (env as EdgeEnv['Bindings'] | undefined)?.outgoing;
}

/** What the edge works with: the services of the flows. */
export type EdgeServices = Services;
