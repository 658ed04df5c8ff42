// Salesforce's Tooling API for the few kinds of metadata that send events. What is made has a name of its own, so that
// making it again finds what an interrupted call has left.
// Source: https://developer.salesforce.com/docs/platform/event-relay/guide/create-event-relay-config.html

import { IntegrationError } from '../../core/errors.ts';
import { isJsonObject, type JsonObject, jsonAt, jsonOrNull } from '../../core/json.ts';
import type { BufferedResponse } from '../../egress/buffered.ts';
import { jsonBody, type ProviderCall } from '../contract.ts';
import { salesforceFailure } from './errors.ts';

const TOOLING = '/services/data/v60.0/tooling';

export type EntityType = 'PlatformEventChannel' | 'NamedCredential' | 'EventRelayConfig' | 'PlatformEventChannelMember';

/** Something that was made, by its id and by the name that its org has for it. */
export interface Entity {
  readonly id: string;
  readonly fullName: string;
}

export interface EntityRecord extends Entity {
  readonly metadata: JsonObject;
}

export class ToolingApi {
  readonly #call: ProviderCall;
  readonly #nowMs: () => number;

  constructor(call: ProviderCall, nowMs: () => number) {
    this.#call = call;
    this.#nowMs = nowMs;
  }

  /** Makes an entity, or answers the one of the same name, as it is. Rejects with the codes of `salesforceFailure`. */
  async make(type: EntityType, fullName: string, metadata: JsonObject): Promise<EntityRecord> {
    const response = await this.#call({
      method: 'POST',
      path: `${TOOLING}/sobjects/${type}`,
      body: { FullName: fullName, Metadata: metadata },
    });
    if (isTaken(response)) {
      const [found] = await this.find(type, fullName);
      const taken = found === undefined ? null : await this.get(type, found.id);
      if (taken !== null) return taken;
    }
    const id = jsonAt(this.#ok(type, response), 'id');
    if (typeof id !== 'string') throw malformed(type);
    return (await this.get(type, id)) ?? { id, fullName, metadata };
  }

  /** Null if it is gone. */
  async get(type: EntityType, id: string): Promise<EntityRecord | null> {
    const response = await this.#call({ method: 'GET', path: pathOf(type, id) });
    if (response.status === 404) return null;
    const body = this.#ok(type, response);
    const fullName = jsonAt(body, 'FullName');
    const metadata = jsonAt(body, 'Metadata');
    if (typeof fullName !== 'string' || !isJsonObject(metadata)) throw malformed(type);
    return { id, fullName, metadata };
  }

  /**
   * Changes what is given of its metadata. The rest goes along as it is: some of it is required and cannot be changed,
   * also not in its case. Where the org calls it by a name with its namespace, that name is used and answered.
   */
  async change({ id, fullName, metadata }: EntityRecord, type: EntityType, changes: JsonObject): Promise<string> {
    const body = { FullName: fullName, Metadata: { ...metadata, ...changes } };
    const path = pathOf(type, id);
    const first = await this.#call({ method: 'PATCH', path, body });
    const namespaced = first.status === 400 ? namespacedIn(first, fullName) : null;
    if (namespaced === null) {
      this.#accept(type, first);
      return fullName;
    }
    this.#accept(type, await this.#call({ method: 'PATCH', path, body: { ...body, FullName: namespaced } }));
    return namespaced;
  }

  /** Once it is gone. */
  async remove(type: EntityType, { id }: Entity): Promise<void> {
    const path = pathOf(type, id);
    const found = await this.#call({ method: 'GET', path });
    if (found.status === 404) return;
    this.#accept(type, found);
    const response = await this.#call({ method: 'DELETE', path });
    if (response.status !== 404) this.#accept(type, response);
  }

  /** Those of a name, or with `%` at its end of all that begin so. */
  async find(type: EntityType, fullName: string): Promise<readonly Entity[]> {
    const name = fullName.replace(/__chn$/, '');
    const operator = name.endsWith('%') ? 'LIKE' : '=';
    const soql = `SELECT Id FROM ${type} WHERE DeveloperName ${operator} '${name}'`;
    const path = `${TOOLING}/query?q=${encodeURIComponent(soql)}`;
    const records = jsonAt(this.#ok(type, await this.#call({ method: 'GET', path })), 'records');
    if (!Array.isArray(records)) throw malformed(type);
    return records.flatMap((record) => {
      const id = jsonAt(record, 'Id');
      return typeof id === 'string' ? [{ id, fullName }] : [];
    });
  }

  #ok(type: EntityType, response: BufferedResponse) {
    this.#accept(type, response);
    return jsonBody(response, 'Salesforce');
  }

  #accept(type: EntityType, response: BufferedResponse): void {
    if (response.status >= 300) throw salesforceFailure(response, type, this.#nowMs());
  }
}

function pathOf(type: EntityType, id: string): string {
  return `${TOOLING}/sobjects/${type}/${encodeURIComponent(id)}`;
}

/** A relay is also refused for the channel that another one has: that is ours, if it has our name. */
function isTaken({ status, body }: BufferedResponse): boolean {
  if (status !== 400) return false;
  const errors = jsonOrNull(body.toString());
  return (
    Array.isArray(errors) &&
    errors.some((error) => {
      const code = jsonAt(error, 'errorCode');
      const words = String(jsonAt(error, 'message') ?? '');
      if (code === 'DUPLICATE_DEVELOPER_NAME') return true;
      return code === 'FIELD_INTEGRITY_EXCEPTION' && words.includes('referenced by an existing event relay');
    })
  );
}

/** `acme__tenon_1` in a refusal of `tenon_1`. */
function namespacedIn({ body }: BufferedResponse, fullName: string): string | null {
  const words = String(jsonAt(jsonOrNull(body.toString()), '0.message') ?? '');
  return words.match(/\w+/g)?.find((word) => word !== fullName && word.endsWith(`__${fullName}`)) ?? null;
}

function malformed(type: EntityType): IntegrationError {
  return new IntegrationError('provider_malformed', `Salesforce answered without the id or the name of a ${type}`);
}
