// Has Salesforce send what changes: a channel of the installation's own, a credential that names the account of Amazon,
// and a relay between the two, once; and a member of the channel for each object. Everything is named after the
// installation, so that a call that was interrupted is taken up where it stopped. A failure that passes leaves what is
// there for the next try; one that does not takes back what it began. Salesforce sends every change of an object: what
// nobody subscribed to is left out when it arrives.
// Source: https://developer.salesforce.com/docs/platform/event-relay/guide/event-relay-config.html

import { createHash } from 'node:crypto';
import { IntegrationError } from '../../core/errors.ts';
import type { JsonObject } from '../../core/json.ts';
import {
  type ObjectEvents,
  type SubscribeConnector,
  type SubscribeFailure,
  type SubscribeOutcome,
  type SubscribeParams,
  type SubscriptionState,
  subscribeFailure,
} from '../events.ts';
import { checkName } from './soql.ts';
import { type Entity, type EntityType, ToolingApi } from './toolingApi.ts';

/** Of a developer name. */
const NAME_CHARS_MAX = 80;
const HASH_CHARS = 8;

interface Made {
  readonly channel: Entity | null;
  readonly credential: Entity | null;
  readonly relay: Entity | null;
  /** The relay was told to run. */
  readonly isRunning: boolean;
  /** By the object, in lower case. */
  readonly members: Readonly<Record<string, Entity>>;
}

const NOTHING: Made = { channel: null, credential: null, relay: null, isRunning: false, members: {} };

const NO_RELAY: SubscribeFailure = {
  message:
    'Salesforce sends its events to an account of Amazon, and this server has none to name: ' +
    'its operator has to set TENON_SALESFORCE_EVENT_RELAY',
  isRetryable: false,
  isRolledBack: true,
};

export function createSalesforceSubscriber(nowMs: () => number): SubscribeConnector {
  return {
    renewEveryMs: null,
    async subscribe(params, call) {
      const subscription = new ChannelSubscription(params, new ToolingApi(call, nowMs));
      if (params.wanted.length === 0) return subscription.outcome(await subscription.leave());
      if (!subscription.isRegistered && params.relay === null) return subscription.outcome(NO_RELAY);
      const failure = (await subscription.register(params.relay ?? '')) ?? (await subscription.bringInLine());
      return subscription.outcome(failure);
    },
  };
}

/** One call of `subscribe`: what there is changes with each answer of the org. */
class ChannelSubscription {
  readonly #params: SubscribeParams;
  readonly #api: ToolingApi;
  /** Of everything; what org and people see of an installation. */
  readonly #ref: string;
  #made: Made;
  #objects: ReadonlyMap<string, ObjectEvents>;

  constructor(params: SubscribeParams, api: ToolingApi) {
    this.#params = params;
    this.#api = api;
    this.#ref = `tenon_${params.installationId.replaceAll('-', '')}`;
    const { previous } = params;
    this.#made = previous === null ? NOTHING : (previous.result as unknown as Made);
    this.#objects = new Map((previous?.objects ?? []).map((object) => [keyOf(object), object]));
  }

  get isRegistered(): boolean {
    return this.#made.isRunning;
  }

  get #isEmpty(): boolean {
    const { channel, credential, relay, members } = this.#made;
    const isBare = channel === null && credential === null && relay === null;
    return isBare && Object.keys(members).length === 0 && this.#objects.size === 0;
  }

  outcome(failure: SubscribeFailure | null): SubscribeOutcome {
    const result = this.#made as unknown as JsonObject;
    const state: SubscriptionState = { objects: [...this.#objects.values()], result, secret: null };
    return { state: this.#isEmpty ? null : state, failure };
  }

  /** Null once the relay runs. */
  async register(endpoint: string): Promise<SubscribeFailure | null> {
    if (this.isRegistered) return null;
    const { label } = this.#params;
    try {
      const channel = await this.#api.make('PlatformEventChannel', `${this.#ref}__chn`, { channelType: 'data', label });
      this.#note({ channel: entityOf(channel) });
      const credential = await this.#api.make('NamedCredential', this.#ref, {
        generateAuthorizationHeader: true,
        label,
        endpoint,
        principalType: 'NamedUser',
        protocol: 'NoAuthentication',
      });
      this.#note({ credential: entityOf(credential) });
      const relay = await this.#api.make('EventRelayConfig', this.#ref, {
        destinationResourceName: `callout:${this.#ref}`,
        eventChannel: `${this.#ref}__chn`,
        label,
      });
      this.#note({ relay: entityOf(relay) });
      if (relay.metadata['state'] !== 'RUN') {
        const fullName = await this.#api.change(relay, 'EventRelayConfig', { state: 'RUN' });
        this.#note({ relay: { id: relay.id, fullName } });
      }
      this.#note({ isRunning: true });
      return null;
    } catch (error) {
      return this.#failed(error, () => this.#unregister());
    }
  }

  /** What is not wanted any more goes first: an org has room for few members. */
  async bringInLine(): Promise<SubscribeFailure | null> {
    const wanted = new Map(this.#params.wanted.map((object) => [keyOf(object), object]));
    const added = [...wanted].filter(([key]) => this.#made.members[key] === undefined);
    const begun: string[] = [];
    try {
      if (this.#params.isUnsettled) await this.#recallMembers(wanted);
      for (const key of Object.keys(this.#made.members)) if (!wanted.has(key)) await this.#removeMember(key);
      for (const [key, object] of wanted)
        if (this.#objects.has(key)) this.#objects = new Map(this.#objects).set(key, object);
      for (const [key, object] of added) {
        begun.push(key);
        await this.#addMember(key, object);
      }
      return null;
    } catch (error) {
      return this.#failed(error, async () => {
        for (const key of begun.toReversed()) await this.#removeMember(key);
      });
    }
  }

  /** Takes everything back, in reverse. What has failed is left, with all that came before it. */
  async leave(): Promise<SubscribeFailure | null> {
    try {
      await this.#recallMembers(new Map());
      await this.#recall();
      for (const key of Object.keys(this.#made.members).toReversed()) await this.#removeMember(key);
      await this.#unregister();
      return null;
    } catch (error) {
      const failure = subscribeFailure(error, false);
      // Who may not even look has made nothing.
      return this.#isEmpty && !failure.isRetryable ? null : failure;
    }
  }

  /**
   * Looks for members that an interrupted call has made and nobody was told of. Those of what is wanted are adopted
   * when they are to be made.
   */
  async #recallMembers(wanted: ReadonlyMap<string, ObjectEvents>): Promise<void> {
    const type: EntityType = 'PlatformEventChannelMember';
    const known = new Set(Object.values(this.#made.members).map(({ id }) => id));
    const found = await this.#api.find(type, `${this.#ref}_chn_%`);
    for (const member of found.filter(({ id }) => !known.has(id))) {
      const entity = wanted.size === 0 ? undefined : (await this.#api.get(type, member.id))?.metadata['selectedEntity'];
      if (wanted.has(keyOfChangeEvent(String(entity)))) continue;
      this.#note({ members: { ...this.#made.members, [member.id]: member } });
    }
  }

  /** Looks for what else an interrupted call has made. */
  async #recall(): Promise<void> {
    const { relay, credential, channel } = this.#made;
    this.#note({ relay: relay ?? (await this.#named('EventRelayConfig', this.#ref)) });
    this.#note({ credential: credential ?? (await this.#named('NamedCredential', this.#ref)) });
    this.#note({ channel: channel ?? (await this.#named('PlatformEventChannel', `${this.#ref}__chn`)) });
  }

  async #named(type: EntityType, fullName: string): Promise<Entity | null> {
    return (await this.#api.find(type, fullName))[0] ?? null;
  }

  async #unregister(): Promise<void> {
    this.#note({ isRunning: false });
    const { relay, credential, channel } = this.#made;
    if (relay !== null) await this.#api.remove('EventRelayConfig', relay);
    this.#note({ relay: null });
    if (credential !== null) await this.#api.remove('NamedCredential', credential);
    this.#note({ credential: null });
    if (channel !== null) await this.#api.remove('PlatformEventChannel', channel);
    this.#note({ channel: null });
  }

  async #addMember(key: string, object: ObjectEvents): Promise<void> {
    const type: EntityType = 'PlatformEventChannelMember';
    const selectedEntity = changeEventOf(object.objectName);
    const name = memberName(`${this.#ref}_chn_${selectedEntity.replaceAll('__', '_')}`);
    const member = await this.#api.make(type, name, { eventChannel: `${this.#ref}__chn`, selectedEntity });
    this.#note({ members: { ...this.#made.members, [key]: entityOf(member) } });
    this.#objects = new Map(this.#objects).set(key, object);
    // One that was found may be of another version, which had the org leave something out.
    const { filterExpression, enrichedFields } = member.metadata;
    const isFiltered = Boolean(filterExpression) || (Array.isArray(enrichedFields) && enrichedFields.length > 0);
    if (isFiltered) await this.#api.change(member, type, { filterExpression: null, enrichedFields: [] });
  }

  async #removeMember(key: string): Promise<void> {
    const { [key]: member, ...members } = this.#made.members;
    if (member !== undefined) await this.#api.remove('PlatformEventChannelMember', member);
    this.#note({ members });
    this.#objects = new Map([...this.#objects].filter(([name]) => name !== key));
  }

  #note(change: Partial<Made>): void {
    this.#made = { ...this.#made, ...change };
  }

  /** Takes back what was begun where trying again cannot help. Answers the failure, whatever becomes of that. */
  async #failed(error: unknown, takeBack: () => Promise<void>): Promise<SubscribeFailure> {
    const failure = subscribeFailure(error, false);
    if (failure.isRetryable) return failure;
    try {
      await takeBack();
      return { ...failure, isRolledBack: true };
    } catch (cause) {
      const { message } = subscribeFailure(cause, false);
      return { ...failure, message: `${failure.message}; and it could not be taken back: ${message}` };
    }
  }
}

function entityOf({ id, fullName }: Entity): Entity {
  return { id, fullName };
}

/** Names of objects are the same in any case. */
function keyOf({ objectName }: ObjectEvents): string {
  return objectName.toLowerCase();
}

/** Rejects with `bad_request` for what is not the name of an object. */
function changeEventOf(objectName: string): string {
  if (objectName.includes('.')) throw new IntegrationError('bad_request', `"${objectName}" is not an object`);
  const name = checkName(objectName, 'object');
  return /__c$/i.test(name) ? name.replace(/c$/i, 'ChangeEvent') : `${name}ChangeEvent`;
}

/** The object that it is of, as `keyOf` has it. */
function keyOfChangeEvent(name: string): string {
  const key = name.toLowerCase();
  return key.endsWith('__changeevent') ? key.replace(/changeevent$/, 'c') : key.replace(/changeevent$/, '');
}

/** One that is too long ends in a part of its hash, so that it is the same each time and no other. */
function memberName(name: string): string {
  if (name.length <= NAME_CHARS_MAX) return name;
  const hash = createHash('sha256').update(name.toLowerCase()).digest('hex').slice(0, HASH_CHARS);
  return `${name.slice(0, NAME_CHARS_MAX - HASH_CHARS - 1).replace(/_+$/, '')}_${hash}`;
}
