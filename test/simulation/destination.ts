// Where a builder takes messages in: it stumbles, refuses, keeps silent, and remembers what arrived.

import { isJsonObject, type JsonValue, jsonAt } from '../../src/core/json.ts';
import type { Server } from './network.ts';
import type { Weather } from './weather.ts';
import type { World } from './world.ts';

/** One record as a message tells it. */
export interface ToldRecord {
  /** Installation, object and record. */
  readonly key: string;
  readonly version: number;
  readonly operationId: string;
}

/** The records in the body of a message. */
export function recordsIn(body: string): ToldRecord[] {
  const message = JSON.parse(body) as JsonValue;
  const result = jsonAt(message, 'result');
  if (!Array.isArray(result)) return [];
  const place = `${jsonAt(message, 'installationId')}/${String(jsonAt(message, 'rawObjectName')).toLowerCase()}`;
  const operationId = String(jsonAt(message, 'operationId'));
  return result.flatMap((row: JsonValue) => {
    const raw = jsonAt(row, 'raw');
    if (!isJsonObject(raw)) return [];
    const version = Number(jsonAt(raw, 'properties.version') ?? raw['Version__c']);
    return [{ key: `${place}/${raw['id'] ?? raw['Id']}`, version, operationId }];
  });
}

export class Destinations {
  /** The latest version of each record that arrived. */
  readonly told = new Map<string, number>();
  /** Messages that were answered with success. */
  readonly accepted = new Set<string>();
  readonly #bodies = new Map<string, string>();
  readonly #world: World;
  readonly #weather: Weather;

  constructor(world: World, weather: Weather) {
    this.#world = world;
    this.#weather = weather;
  }

  readonly server: Server = ({ headers, body }) => {
    const messageId = headers['webhook-id'] ?? '';
    const weather = this.#weather;
    if (weather.strikes('destinationDown')) return { status: 503, body: '' };
    this.#receive(messageId, body);
    if (weather.strikes('destinationSilent')) return null;
    if (weather.strikes('destinationAborts')) {
      return { status: 400, headers: { 'webhook-delivery': 'abort-message' }, body: '' };
    }
    if (weather.strikes('destinationRefuses')) return { status: 404, body: '' };
    this.accepted.add(messageId);
    return { status: 204, body: '' };
  };

  #receive(messageId: string, body: string): void {
    const known = this.#bodies.get(messageId);
    if (known === body) return;
    if (known !== undefined) this.#world.violate('oneMessageOneContent', `${messageId} came with two contents`);
    this.#bodies.set(messageId, body);
    for (const { key, version } of recordsIn(body)) this.told.set(key, Math.max(version, this.told.get(key) ?? 0));
  }
}
