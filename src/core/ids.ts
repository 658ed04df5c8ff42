// Identifiers. Every id is an opaque string; brands keep one kind from being passed as another, and the
// `parse…` functions are the only doors from plain text.

import { randomBytes } from 'node:crypto';
import { chance } from './chance.ts';
import { IntegrationError } from './errors.ts';
import { ID_CHARS_MAX } from './limits.ts';

declare const brand: unique symbol;
type Branded<Name extends string> = string & { readonly [brand]: Name };

/** A builder's project. */
export type ProjectId = Branded<'ProjectId'>;
/** An integration of a project, as a manifest declares it. */
export type IntegrationId = Branded<'IntegrationId'>;
/** One customer's copy of an integration. */
export type InstallationId = Branded<'InstallationId'>;
/** A stored authorisation to one provider account. */
export type ConnectionId = Branded<'ConnectionId'>;
/** Where messages are delivered; also the id of its lane. */
export type DestinationId = Branded<'DestinationId'>;
/** One user-visible read, write or event run. */
export type OperationId = Branded<'OperationId'>;
/** The builder's OAuth client at a provider. */
export type ProviderAppId = Branded<'ProviderAppId'>;
/** `<machine>:<key>`, e.g. `installation:0b7e…`; the key of every row that an actor owns. */
export type ActorId = Branded<'ActorId'>;

const ID_PATTERN = /^[A-Za-z0-9][A-Za-z0-9._:@/-]*$/;

/** Brands text as an id of the asked kind. Rejects with `bad_request` what could not be an id of ours. */
export function parseId<Id extends string>(text: string, what: string): Id {
  if (text.length > ID_CHARS_MAX || !ID_PATTERN.test(text)) {
    throw new IntegrationError('bad_request', `${what} is not a valid id`);
  }
  return text as Id;
}

/** A new random id (UUID version 4, RFC 9562). */
export function newId<Id extends string>(): Id {
  return chance.uuid() as Id;
}

/** An id of `bytes` random bytes as base64url, where a UUID would be too long. Not for what must not be guessed. */
export function newShortId(bytes: number): string {
  return Buffer.from(chance.bytes(bytes)).toString('base64url');
}

/** `bytes` random bytes as base64url; 32 bytes for anything that must not be guessed. */
export function randomToken(bytes: number): string {
  return randomBytes(bytes).toString('base64url');
}

/** The id of the actor that `machine` runs for `key`. */
export function actorIdOf(machine: string, key: string): ActorId {
  return `${machine}:${key}` as ActorId;
}

/** The machine's name in an actor id. */
export function machineOf(actorId: ActorId): string {
  return actorId.slice(0, actorId.indexOf(':'));
}

/** The key in an actor id, e.g. the installation id. */
export function keyOf(actorId: ActorId): string {
  return actorId.slice(actorId.indexOf(':') + 1);
}
