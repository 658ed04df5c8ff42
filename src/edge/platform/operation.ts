// One operation of the platform API as data: what it is called by, who may call it, what it takes and what it answers.
// `operations.ts` is the table of all of them; routes, refusals, the API description and docs/api.md are made from it.

import type { z } from 'zod';
import type { JsonObject, JsonValue } from '../../core/json.ts';
import type { ProjectRow } from '../../store/tables/accounts.ts';
import type { ApiKeys } from '../auth.ts';
import type { EdgeServices, Principal } from '../context.ts';

/**
 * Who may call: `open` anybody; `frontend` also what runs in a customer's browser; `project` the builder's backend;
 * `org` only who may work in every project.
 */
export type Access = 'open' | 'frontend' | 'project' | 'org';

export type Method = 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';

/** The names in braces of a path. */
type ParamOf<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}` ? Name | ParamOf<Rest> : never;

/** One call, when its caller, its project and its input have been checked. */
export interface Call<Param extends string, Query, Body> {
  readonly services: EdgeServices;
  readonly keys: ApiKeys;
  readonly principal: Principal;
  /** Decoded. */
  readonly params: Readonly<Record<Param, string>>;
  readonly query: Query;
  readonly body: Body;
  /** The project of the path. */
  readonly project: 'projectIdOrName' extends Param ? ProjectRow : null;
}

interface Facts<Path extends string> {
  /** As published. */
  readonly id: string;
  readonly method: Method;
  readonly path: Path;
  readonly access: Access;
  readonly summary: string;
  /** Status of success; `text` and `none` say what is not JSON, `list` that an iterable is answered as an array. */
  readonly status: 200 | 201 | 204;
  readonly media?: 'text' | 'none' | 'list';
  /**
   * Where the published description has its problems as plain JSON: all, or those of 400 and 500 only; `textFaults` has
   * those of 400 as text.
   */
  readonly problems?: 'json' | 'jsonFaults' | 'textFaults';
  /**
   * Of operations that share an address: whether a body is meant for this one, which may be no JSON (then it is null).
   * The one without it gets what is left. They share access and parameters too.
   */
  readonly isMeant?: (body: JsonValue, text: string) => boolean;
}

/** What a handler answers instead of success, where the published description has a form for it that is no problem. */
export class Unsuccessful {
  readonly status: 422;
  readonly body: JsonObject;

  constructor(status: 422, body: JsonObject) {
    this.status = status;
    this.body = body;
  }
}

/** See `operation`. */
export interface OperationSpec<Path extends string, Query extends z.ZodType, Body extends z.ZodType>
  extends Facts<Path> {
  readonly query?: Query;
  readonly body?: Body;
  /** The body may be left out: then it is null. */
  readonly isBodyOptional?: boolean;
  /** What is answered. Rejects with any code. */
  readonly handle: (call: Call<ParamOf<Path>, z.output<Query>, z.output<Body>>) => unknown;
}

export interface Operation extends Facts<string> {
  readonly query: z.ZodType | null;
  readonly body: z.ZodType | null;
  readonly isBodyOptional: boolean;
  readonly handle: (call: Call<string, unknown, unknown>) => unknown;
}

/** Checks at compile time that a handler uses what its operation takes. */
export function operation<
  const Path extends string,
  Query extends z.ZodType = z.ZodUndefined,
  Body extends z.ZodType = z.ZodUndefined,
>(spec: OperationSpec<Path, Query, Body>): Operation {
  const { query = null, body = null, isBodyOptional = false, handle } = spec;
  return { ...spec, query, body, isBodyOptional, handle: handle as unknown as Operation['handle'] };
}
