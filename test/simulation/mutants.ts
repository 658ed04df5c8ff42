// Tenons that are broken on purpose, in the wiring of the simulation and not in the product: each breaks one promise,
// and must be caught. `none` is the product as it is.

import { assign } from 'xstate';
import type { Dispatcher, ReconcileHandler, ReplayableHandler, Settlement } from '../../actors/dispatch.ts';
import { MACHINES } from '../../actors/runtime.ts';
import { CREDENTIAL_PURPOSE } from '../../actors/tokenManager.ts';
import type { MachineDefinition } from '../../machines/definition.ts';
import type {
  DeliverEffect,
  Effect,
  ReadPageEffect,
  RefreshEffect,
  SettleFleetEffect,
} from '../../machines/effects.ts';
import { MINUTE_MS, type Ms } from '../../src/core/time.ts';
import { deliverHandler } from '../../src/flows/deliver/round.ts';
import type { Services } from '../../src/flows/services.ts';
import type { RowWrite, Step, Writer } from '../../src/store/port.ts';
import { storedRefreshToken } from './invariants.ts';
import type { Life } from './world.ts';

export interface Mutant {
  /** What it does wrong. */
  readonly does: string;
  readonly writer?: (inner: Writer, life: Life) => Writer;
  readonly dispatcher?: (inner: Dispatcher, services: Services) => Dispatcher;
  readonly services?: (services: Services) => Services;
  readonly definitions?: readonly MachineDefinition[];
}

type Refreshing = ReconcileHandler<RefreshEffect, unknown>;
type SettlingFleet = ReplayableHandler<SettleFleetEffect>;
type Reading = ReplayableHandler<ReadPageEffect>;
type Delivering = ReplayableHandler<DeliverEffect>;

/** A dispatcher that replaces the handler of one effect. */
function replacing<Handler>(type: Effect['type'], change: (handler: Handler, services: Services) => Handler) {
  return (inner: Dispatcher, services: Services): Dispatcher =>
    ({
      register: (registered: Effect['type'], handler: Handler) =>
        inner.register(registered, (registered === type ? change(handler, services) : handler) as never),
    }) as unknown as Dispatcher;
}

/** A writer under which steps change on their way to the disk. */
function changing(change: (step: Step) => Step) {
  return (inner: Writer): Writer => ({ ...inner, write: (steps) => inner.write(steps.map(change)) });
}

/** Loses the rows of one statement. */
function losing(statement: string, isLost: (write: RowWrite) => boolean = () => true) {
  return changing((step) => ({
    ...step,
    writes: step.writes.filter((write) => write.statement !== statement || !isLost(write)),
  }));
}

function settling(change: (settlement: Settlement, services: Services) => Settlement | Promise<Settlement>) {
  return (handler: Reading, services: Services): Reading => ({
    ...handler,
    perform: async (effect, signal) => change(await handler.perform(effect, signal), services),
  });
}

function withOldRefreshToken({ store, vault }: Services, write: RowWrite): RowWrite {
  if (write.statement !== 'credentials.put') return write;
  const [connectionId, generation, sealed] = write.params as [string, number, Uint8Array];
  const place = { connectionId, generation, purpose: CREDENTIAL_PURPOSE };
  const refreshToken = storedRefreshToken(store.reads, vault, connectionId);
  const credential = { ...JSON.parse(vault.open(sealed, place).toString()), refreshToken };
  return { ...write, params: [connectionId, generation, vault.seal(JSON.stringify(credential), place)] };
}

/** Place of the watermark among the parameters of `checkpoints.put`. */
const WATERMARK = 11;

/** Guards of the credential machine that look away. */
const CARELESS = {
  guards: {
    followsGeneration: () => true,
    isCurrentAndCanRefresh: () => true,
    isCurrentAndRefused: () => true,
    answersAttempt: () => true,
    answersAndMayRepeat: () => true,
  },
};

const holdAMinute = assign(({ context }, params: unknown) => ({
  ...context,
  wakeAtMs: (params as { nowMs: Ms }).nowMs + MINUTE_MS,
}));

/** Methods of an object that stands in for another: private members are the other's. */
function delegated<Part extends object>(whole: Part, names: readonly (keyof Part & string)[]): PropertyDescriptorMap {
  return Object.fromEntries(
    names.map((name) => [name, { value: (whole[name] as (...args: unknown[]) => unknown).bind(whole) }]),
  );
}

export const MUTANTS = {
  none: { does: 'nothing wrong' },
  acknowledgesEarly: {
    does: 'says that a commit is on disk before it is',
    writer: (inner, life) => ({
      ...inner,
      write: (steps) => {
        if (!life.isAlive) return inner.write(steps);
        void inner.write(steps);
        return Promise.resolve({ steps: steps.map(() => ({ kind: 'committed' as const })) });
      },
    }),
  },
  losesEffects: {
    does: 'commits a decision without one of the effects that it asked for',
    writer: losing('effects.insert', ({ params }) => String(params[0]).startsWith('read:')),
  },
  losesAlarms: {
    does: 'commits snapshots without their alarm',
    writer: changing((step) => ({
      ...step,
      writes: step.writes.map((write) =>
        step.actorId?.startsWith('read:') === true && /^snapshots\.(update|rotate)$/.test(write.statement)
          ? { ...write, params: write.params.with(2, null) }
          : write,
      ),
    })),
  },
  losesAnswers: {
    does: 'does not store the answer to a refresh',
    writer: changing((step) => ({
      ...step,
      writes: step.writes.filter(({ statement }) => statement !== 'effects.setResult'),
    })),
  },
  sendsUnannounced: {
    does: 'sends a refresh before the attempt is on disk',
    dispatcher: replacing<Refreshing>('effect.refresh', (handler) => ({
      ...handler,
      prepare: async (effect) => handler.send(await handler.prepare(effect)),
      send: (answer) => Promise.resolve(answer as Uint8Array),
    })),
  },
  refreshesTwice: {
    does: 'sends a refresh again while the first is under way',
    dispatcher: replacing<Refreshing>('effect.refresh', (handler) => ({
      ...handler,
      send: (prepared) => Promise.any([handler.send(prepared), handler.send(prepared)]),
    })),
  },
  keepsOldTokens: {
    does: 'stores a new access token with the old refresh token',
    dispatcher: replacing<Refreshing>('effect.refresh', (handler, services) => ({
      ...handler,
      process: async (effect, result) => {
        const settlement = await handler.process(effect, result);
        const writes = (settlement.writes ?? []).map((write) => withOldRefreshToken(services, write));
        return { ...settlement, writes };
      },
    })),
  },
  spendsBlindly: {
    does: 'makes the calls of reads without asking their budget',
    services: (services) => {
      const { targets } = services;
      const blind: Pick<typeof targets, 'ofConnection' | 'ofInstallation' | 'forgetAll'> = {
        ofConnection: (connectionId) => {
          const target = targets.ofConnection(connectionId);
          return { ...target, lease: { ...target.lease, budgets: [] } };
        },
        ofInstallation: (projectId, installationId) => targets.ofInstallation(projectId, installationId),
        forgetAll: () => targets.forgetAll(),
      };
      return { ...services, targets: blind as typeof targets };
    },
  },
  believesEverybody: {
    does: 'believes every refused grant, however many are refused together',
    services: (services) => {
      const { fleets } = services;
      const believing = Object.create(fleets, {
        grantRefused: { value: () => ({ isSuspect: false, news: {} }) },
        ...delegated(fleets, ['grantWorked', 'appRefused', 'appAccepted', 'appChanged', 'isAppRefused', 'isSuspect']),
      }) as typeof fleets;
      return { ...services, fleets: believing };
    },
  },
  releasesNobody: {
    does: 'does not tell the customers who are held that the incident is over',
    dispatcher: replacing<SettlingFleet>('effect.settleFleet', (handler) => ({
      ...handler,
      perform: async (effect, signal) => {
        const settlement = await handler.perform(effect, signal);
        return effect.verdict === 'released' ? { ...settlement, messages: [] } : settlement;
      },
    })),
  },
  pullsNobodyBack: {
    does: 'leaves those who were refused first asking to connect again',
    dispatcher: replacing<SettlingFleet>('effect.settleFleet', (handler) => ({
      ...handler,
      perform: (effect, signal) =>
        effect.verdict === 'suspected' ? Promise.resolve({ event: null }) : handler.perform(effect, signal),
    })),
  },
  insists: {
    does: 'tries a grant that is held again after a minute, without being told to',
    definitions: MACHINES.map((definition) =>
      definition.name === 'credential'
        ? { ...definition, machine: definition.machine.provide({ actions: { hold: holdAMinute } }) }
        : definition,
    ),
  },
  takesStaleAnswers: {
    does: 'lets the credential actor take answers and requests of another generation or attempt',
    definitions: MACHINES.map((definition) =>
      definition.name === 'credential' ? { ...definition, machine: definition.machine.provide(CARELESS) } : definition,
    ),
  },
  checkpointFirst: {
    does: 'commits a position before the messages that it accounts for',
    dispatcher: replacing<Reading>(
      'effect.readPage',
      settling(async (settlement, { store }) => {
        const position = settlement.writes?.find(({ statement }) => statement === 'checkpoints.put');
        if (position !== undefined) await store.commit([position]);
        return settlement;
      }),
    ),
  },
  skipsAhead: {
    does: 'claims to have read two minutes more than it has',
    writer: changing((step) => ({
      ...step,
      writes: step.writes.map((write) => {
        const watermarkMs = write.params[WATERMARK];
        if (write.statement !== 'checkpoints.put' || typeof watermarkMs !== 'number') return write;
        return { ...write, params: write.params.with(WATERMARK, watermarkMs + 2 * MINUTE_MS) };
      }),
    })),
  },
  forgetsToTell: {
    does: 'makes an event without its notification',
    writer: losing('outbox.insert', ({ params }) => String(params[3]).startsWith('{"notificationType"')),
  },
  forgetsTheLane: {
    does: 'writes messages without telling their lane',
    dispatcher: replacing<Reading>(
      'effect.readPage',
      settling(({ messages: _, ...settlement }) => settlement),
    ),
  },
  deletesUnsent: {
    does: 'takes a message for delivered before its destination answers',
    dispatcher: replacing<Delivering>('effect.deliver', (_, services) => {
      const request: Services['egress']['request'] = (call) => {
        void services.egress.request(call).catch(() => {});
        return Promise.resolve({ status: 200, headers: {}, body: Buffer.alloc(0) });
      };
      return deliverHandler({ ...services, egress: { ...services.egress, request } });
    }),
  },
} satisfies Record<string, Mutant>;

export type MutantName = keyof typeof MUTANTS;
