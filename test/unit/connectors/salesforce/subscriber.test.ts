// What Salesforce is asked to send, against the sandbox's org, with answers put in between where something is to fail.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ProviderCall, ProviderRequest } from '../../../../src/connectors/contract.ts';
import type { ObjectEvents, SubscribeOutcome, SubscribeParams } from '../../../../src/connectors/events.ts';
import { createSalesforceSubscriber } from '../../../../src/connectors/salesforce/subscriber.ts';
import { IntegrationError } from '../../../../src/core/errors.ts';
import type { BufferedResponse } from '../../../../src/egress/buffered.ts';
import { type Sandbox, startSandbox } from '../../../../src/sandbox/sandbox.ts';
import { ask, salesforceAccess, TestClock } from '../../sandbox/client.ts';
import { answer } from '../provider.ts';

const RELAY = 'arn:aws:US-EAST-1:123456789012';
const ID = '11111111-2222-4333-8444-555555555555';
const REF = 'tenon_11111111222243338444555555555555';
const subscriber = createSalesforceSubscriber(() => Date.UTC(2026, 0, 15, 12));

let sandbox: Sandbox;
let account: string;
let token: string;
/** What was asked since the test began, as `METHOD Type`. */
let asked: string[];

beforeAll(async () => {
  sandbox = await startSandbox({ clock: new TestClock(), autoConsent: true });
});
afterAll(() => sandbox.close());
beforeEach(async (context) => {
  account = `org${context.task.id.replaceAll(/[^a-z0-9]/gi, '').toLowerCase()}`;
  token = await salesforceAccess(sandbox, account);
  asked = [];
});

type Fault = (step: string, request: ProviderRequest) => BufferedResponse | IntegrationError | undefined;

function stepOf({ method, path }: ProviderRequest): string {
  const type = /\/tooling\/sobjects\/(\w+)/.exec(path)?.[1] ?? 'query';
  return `${method} ${type}`;
}

/** Calls of the org; `fault` may answer in its place, or lose the answer that it has given. */
function calls(fault: Fault = () => undefined, isAfter = false): ProviderCall {
  return async (request) => {
    const step = stepOf(request);
    asked.push(step);
    const wrong = fault(step, request);
    if (wrong !== undefined && !isAfter) {
      if (wrong instanceof Error) throw wrong;
      return wrong;
    }
    const { status, headers, text } = await ask(sandbox, request.path, {
      account,
      token,
      method: request.method,
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
    });
    if (wrong instanceof Error) throw wrong;
    return { status, headers: headers as Record<string, string>, body: Buffer.from(text) };
  };
}

function object(objectName: string, differences: Partial<ObjectEvents> = {}): ObjectEvents {
  const all = { events: ['create', 'update', 'delete'], watchedFields: null, otherEvents: [], isQuotaOptimized: false };
  return { objectName, ...(all as Omit<ObjectEvents, 'objectName'>), ...differences };
}

function subscribe(differences: Partial<SubscribeParams>, call: ProviderCall = calls()): Promise<SubscribeOutcome> {
  const params = { installationId: ID, label: 'Tenon', webhookUrl: 'https://t.example/hook', relay: RELAY };
  return subscriber.subscribe({ ...params, wanted: [], previous: null, isUnsettled: false, ...differences }, call);
}

const there = () => sandbox.channelEntities(account);
const REGISTERED = [`PlatformEventChannel ${REF}__chn`, `NamedCredential ${REF}`, `EventRelayConfig ${REF} RUN`];
const member = (event: string) => `PlatformEventChannelMember ${REF}_chn_${event}`;
const refused = (code: string, status = 400) => answer(status, [{ errorCode: code, message: `${code}: no` }]);
const once = (wanted: string, wrong: BufferedResponse | IntegrationError): Fault => {
  let isDone = false;
  return (step) => {
    if (isDone || step !== wanted) return undefined;
    isDone = true;
    return wrong;
  };
};

describe('without an account of Amazon', () => {
  it('nothing is asked for, and the failure says who has to do what', async () => {
    const { state, failure } = await subscribe({ wanted: [object('Account')], relay: null });
    expect(asked).toEqual([]);
    expect(state).toBeNull();
    expect(failure).toMatchObject({ isRetryable: false, isRolledBack: true });
    expect(failure?.message).toContain('TENON_SALESFORCE_EVENT_RELAY');
  });

  it('what is there can still be changed and taken back', async () => {
    const first = await subscribe({ wanted: [object('Account')] });
    const second = await subscribe({ wanted: [object('Lead')], relay: null, previous: first.state });
    expect(second.failure).toBeNull();
    expect(there()).toEqual([...REGISTERED, member('LeadChangeEvent')]);
    expect(await subscribe({ relay: null, previous: second.state })).toEqual({ state: null, failure: null });
    expect(there()).toEqual([]);
  });
});

describe('a failure while the relay is made', () => {
  it.each(['POST PlatformEventChannel', 'POST NamedCredential', 'POST EventRelayConfig', 'PATCH EventRelayConfig'])(
    'that is final, at %s, leaves nothing behind',
    async (step) => {
      const call = calls(once(step, refused('INSUFFICIENT_ACCESS_OR_READONLY', 403)));
      const { state, failure } = await subscribe({ wanted: [object('Account')] }, call);
      expect(failure).toMatchObject({ isRetryable: false, isRolledBack: true });
      expect(state).toBeNull();
      expect(there()).toEqual([]);
    },
  );

  it.each(['POST PlatformEventChannel', 'POST NamedCredential', 'POST EventRelayConfig', 'PATCH EventRelayConfig'])(
    'that passes, at %s, leaves what there is for the next try',
    async (step) => {
      const call = calls(once(step, answer(503, 'later')));
      const first = await subscribe({ wanted: [object('Account')] }, call);
      expect(first.failure).toMatchObject({ isRetryable: true, isRolledBack: false });
      expect(first.state === null).toBe(there().length === 0);
      const second = await subscribe({ wanted: [object('Account')], previous: first.state });
      expect(second.failure).toBeNull();
      expect(there().toSorted()).toEqual([...REGISTERED, member('AccountChangeEvent')].toSorted());
    },
  );

  it.each([
    'POST PlatformEventChannel',
    'POST NamedCredential',
    'POST EventRelayConfig',
    'POST PlatformEventChannelMember',
  ])('whose answer is lost, at %s, makes nothing twice', async (step) => {
    const lost = new IntegrationError('outcome_unknown', 'the answer was lost');
    const first = await subscribe({ wanted: [object('Account')] }, calls(once(step, lost), true));
    expect(first.failure?.isRetryable).toBe(true);
    const second = await subscribe({ wanted: [object('Account')], previous: first.state });
    expect(second.failure).toBeNull();
    expect(there()).toEqual([...REGISTERED, member('AccountChangeEvent')]);
  });

  it('is told although taking back has failed too, and what is left is kept', async () => {
    const call = calls((step) => {
      if (step === 'POST EventRelayConfig') return refused('FIELD_INTEGRITY_EXCEPTION');
      return step === 'DELETE NamedCredential' ? refused('DEPENDENCY_EXISTS') : undefined;
    });
    const { state, failure } = await subscribe({ wanted: [object('Account')] }, call);
    expect(failure).toMatchObject({ isRetryable: false, isRolledBack: false });
    expect(failure?.message).toMatch(/FIELD_INTEGRITY_EXCEPTION.*DEPENDENCY_EXISTS/);
    expect(there()).toEqual(REGISTERED.slice(0, 2));
    expect(await subscribe({ previous: state })).toEqual({ state: null, failure: null });
    expect(there()).toEqual([]);
  });
});

describe('a failure of an object', () => {
  it('that is final takes back the others that were begun, and keeps the relay and what was there', async () => {
    const first = await subscribe({ wanted: [object('Account')] });
    const wanted = [object('Account'), object('Lead'), object('Spaceship')];
    const { state, failure } = await subscribe({ wanted, previous: first.state });
    expect(failure).toMatchObject({ isRetryable: false, isRolledBack: true });
    expect(state?.objects.map(({ objectName }) => objectName)).toEqual(['Account']);
    expect(there()).toEqual([...REGISTERED, member('AccountChangeEvent')]);
  });

  it('that passes keeps those that are there, and goes on with the others', async () => {
    const wanted = [object('Account'), object('Lead')];
    const call = calls((step, { body }) => {
      const isLead = JSON.stringify(body ?? '').includes('LeadChangeEvent');
      return step === 'POST PlatformEventChannelMember' && isLead ? answer(503, 'later') : undefined;
    });
    const first = await subscribe({ wanted }, call);
    expect(first.failure).toMatchObject({ isRetryable: true });
    expect(first.state?.objects).toHaveLength(1);
    asked = [];
    expect((await subscribe({ wanted, previous: first.state })).failure).toBeNull();
    expect(asked).toEqual(['POST PlatformEventChannelMember', 'GET PlatformEventChannelMember']);
  });

  it('is one of a name that no object can have', async () => {
    const { failure } = await subscribe({ wanted: [object("Account' OR Name != '")] });
    expect(failure).toMatchObject({ isRetryable: false, isRolledBack: true });
  });

  it('tells when Salesforce wants to be asked again', async () => {
    const limited = answer(503, 'later', { 'retry-after': '120' });
    const { failure } = await subscribe(
      { wanted: [object('Account')] },
      calls(once('POST PlatformEventChannel', limited)),
    );
    expect(failure?.retryAtMs).toBe(Date.UTC(2026, 0, 15, 12, 2));
  });
});

describe('subscribing', () => {
  it('makes channel, credential, relay and a member for each object, in this order', async () => {
    const { state, failure } = await subscribe({ wanted: [object('account'), object('Contact')] });
    expect(failure).toBeNull();
    expect(asked).toEqual([
      ...['POST PlatformEventChannel', 'GET PlatformEventChannel', 'POST NamedCredential', 'GET NamedCredential'],
      ...['POST EventRelayConfig', 'GET EventRelayConfig', 'PATCH EventRelayConfig'],
      ...['POST PlatformEventChannelMember', 'GET PlatformEventChannelMember'],
      ...['POST PlatformEventChannelMember', 'GET PlatformEventChannelMember'],
    ]);
    expect(there()).toEqual([...REGISTERED, member('accountChangeEvent'), member('ContactChangeEvent')]);
    expect(state?.objects).toEqual([object('account'), object('Contact')]);
    expect(state?.secret).toBeNull();
  });

  it('asks for nothing where all is as it was, and only for the difference where it is not', async () => {
    const first = await subscribe({ wanted: [object('Account'), object('Contact')] });
    asked = [];
    const same = await subscribe({
      wanted: [object('contact', { events: ['delete'] }), object('Account')],
      previous: first.state,
    });
    expect(asked).toEqual([]);
    expect(same.state?.objects).toEqual([object('Account'), object('contact', { events: ['delete'] })]);
    await subscribe({ wanted: [object('Contact'), object('Lead')], previous: same.state });
    expect(asked).toEqual([
      ...['GET PlatformEventChannelMember', 'DELETE PlatformEventChannelMember'],
      ...['POST PlatformEventChannelMember', 'GET PlatformEventChannelMember'],
    ]);
    expect(there()).toEqual([...REGISTERED, member('ContactChangeEvent'), member('LeadChangeEvent')]);
  });

  it('adopts all that an earlier try has made, of which nothing is known any more', async () => {
    const first = await subscribe({ wanted: [object('Account')] });
    asked = [];
    const second = await subscribe({ wanted: [object('Account')] });
    expect(second).toEqual(first);
    expect(asked).not.toContain('PATCH EventRelayConfig');
    expect(there()).toHaveLength(4);
  });

  it('removes members that an interrupted try has made and nobody wants any more, and adopts the others', async () => {
    const { state } = await subscribe({ wanted: [object('Account')] });
    await subscribe({ wanted: [object('Account'), object('Lead'), object('Contact')], previous: state });
    asked = [];
    const wanted = [object('account'), object('lead')];
    const second = await subscribe({ wanted, previous: state, isUnsettled: true });
    expect(second.failure).toBeNull();
    expect(there()).toEqual([...REGISTERED, member('AccountChangeEvent'), member('LeadChangeEvent')]);
    expect(asked.filter((step) => step.startsWith('DELETE'))).toEqual(['DELETE PlatformEventChannelMember']);
    expect(second.state?.objects).toEqual(wanted);
    asked = [];
    await subscribe({ wanted, previous: second.state });
    expect(asked).toEqual([]);
  });

  it('adopts the relay that its channel has already, and no other', async () => {
    await subscribe({ wanted: [object('Account')] });
    const message = `The channel ${REF}__chn is referenced by an existing event relay`;
    const inUse = answer(400, [{ errorCode: 'FIELD_INTEGRITY_EXCEPTION', message }]);
    const adopted = await subscribe({ wanted: [object('Account')] }, calls(once('POST EventRelayConfig', inUse)));
    expect(adopted.failure).toBeNull();
    const call = calls((step, { path }) => {
      if (step === 'POST EventRelayConfig') return inUse;
      const isLookUp = step === 'GET query' && decodeURIComponent(path).includes('FROM EventRelayConfig');
      return isLookUp ? answer(200, { records: [] }) : undefined;
    });
    const refusal = await subscribe({ wanted: [object('Account')] }, call);
    expect(refusal.failure).toMatchObject({
      isRetryable: false,
      message: expect.stringContaining('existing event relay'),
    });
  });

  it('lets a member that it found send everything again', async () => {
    await subscribe({ wanted: [object('Account')] });
    const path = '/services/data/v60.0/tooling';
    const soql = `SELECT Id FROM PlatformEventChannelMember WHERE DeveloperName = '${REF}_chn_AccountChangeEvent'`;
    const found = await ask(sandbox, `${path}/query?q=${encodeURIComponent(soql)}`, { account, token });
    const { Id } = (found.json as unknown as { records: { Id: string }[] }).records[0] ?? { Id: '' };
    const one = `${path}/sobjects/PlatformEventChannelMember/${Id}`;
    const read = async () => (await ask(sandbox, one, { account, token })).json as unknown as { Metadata: object };
    const filtered = { ...(await read()).Metadata, filterExpression: "ChangeEventHeader.changeType = 'CREATE'" };
    const body = JSON.stringify({ FullName: `${REF}_chn_AccountChangeEvent`, Metadata: filtered });
    expect((await ask(sandbox, one, { account, token, method: 'PATCH', body })).status).toBe(204);
    await subscribe({ wanted: [object('Account')] });
    expect(await read()).toMatchObject({ Metadata: { filterExpression: null } });
  });

  it('uses the name that an org with a namespace has for the relay', async () => {
    const named: unknown[] = [];
    const call = calls((step, { body }) => {
      if (step !== 'PATCH EventRelayConfig') return undefined;
      const { FullName: name } = body as { FullName: string };
      named.push(name);
      if (name !== REF) return answer(204, '');
      const message = `The full name ${name} does not match acme__${name}.`;
      return answer(400, [{ errorCode: 'FIELD_INTEGRITY_EXCEPTION', message }]);
    });
    const { state, failure } = await subscribe({ wanted: [object('Account')] }, call);
    expect(failure).toBeNull();
    expect(named).toEqual([REF, `acme__${REF}`]);
    expect(state?.result).toMatchObject({ relay: { fullName: `acme__${REF}` } });
  });

  it('names members of custom objects without what would be taken for a namespace', async () => {
    const names: unknown[] = [];
    const call = calls((step, { body }) => {
      if (step !== 'POST PlatformEventChannelMember') return undefined;
      const { FullName: name, Metadata: metadata } = body as { FullName: string; Metadata: object };
      names.push([name, metadata]);
      return answer(503, 'later');
    });
    const long = `${'A_very_long_name_'.repeat(3)}x__c`;
    for (const name of ['acme__Invoice__c', long]) await subscribe({ wanted: [object(name)] }, call);
    expect(names[0]).toEqual([
      `${REF}_chn_acme_Invoice_ChangeEvent`,
      { eventChannel: `${REF}__chn`, selectedEntity: 'acme__Invoice__ChangeEvent' },
    ]);
    expect(String((names[1] as string[])[0])).toMatch(/^tenon_\w+_[0-9a-f]{8}$/);
    expect(String((names[1] as string[])[0])).toHaveLength(80);
  });
});

describe('taking everything back', () => {
  it('only looks where nothing was made, and is done where it may not even look', async () => {
    expect(await subscribe({})).toEqual({ state: null, failure: null });
    expect(asked).toEqual(Array(4).fill('GET query'));
    const call = calls(() => refused('INSUFFICIENT_ACCESS', 403));
    expect(await subscribe({}, call)).toEqual({ state: null, failure: null });
    const later = await subscribe({}, calls(once('GET query', answer(503, 'later'))));
    expect(later).toMatchObject({ state: null, failure: { isRetryable: true } });
  });

  it('finds what was made and nobody was told of, and nothing of others', async () => {
    const other = { installationId: ID.replace(/^1/, '2') };
    await subscribe({ ...other, wanted: [object('Account')] });
    const others = there();
    const first = await subscribe({ wanted: [object('Account')] });
    // A call that was interrupted made another member.
    await subscribe({ wanted: [object('Account'), object('Lead')], previous: first.state });
    expect(await subscribe({ previous: first.state })).toEqual({ state: null, failure: null });
    expect(there()).toEqual(others);
    await subscribe({ wanted: [object('Account'), object('Lead')] });
    expect(await subscribe({})).toEqual({ state: null, failure: null });
    expect(there()).toEqual(others);
  });

  it('goes in reverse, and takes what is gone already for done', async () => {
    const { state } = await subscribe({ wanted: [object('Account'), object('Contact')] });
    await subscribe({ previous: state });
    asked = [];
    expect(await subscribe({ previous: state })).toEqual({ state: null, failure: null });
    expect(asked).toEqual([
      'GET query',
      ...['GET PlatformEventChannelMember', 'GET PlatformEventChannelMember'],
      ...['GET EventRelayConfig', 'GET NamedCredential', 'GET PlatformEventChannel'],
    ]);
  });

  it.each(['DELETE PlatformEventChannelMember', 'DELETE EventRelayConfig', 'DELETE PlatformEventChannel'])(
    'goes on where %s has failed',
    async (step) => {
      const { state } = await subscribe({ wanted: [object('Account'), object('Contact')] });
      const first = await subscribe({ previous: state }, calls(once(step, answer(503, 'later'))));
      expect(first.failure).toMatchObject({ isRetryable: true, isRolledBack: false });
      expect(there()).not.toEqual([]);
      expect(await subscribe({ previous: first.state })).toEqual({ state: null, failure: null });
      expect(there()).toEqual([]);
    },
  );
});
