// Stripe's own client, unchanged, through the proxy: errors of its own classes first, then a developer's first day.

import Stripe from 'stripe';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { MINUTE_MS, SECOND_MS } from '../../../src/core/time.ts';
import { stripeThrough } from '../../support/clients/stripe.ts';
import { startVendor, type Vendor } from '../../support/vendor.ts';

let vendor: Vendor;
let stripe: Stripe;

beforeAll(async () => {
  vendor = await startVendor('stripe');
  stripe = stripeThrough(vendor.through);
});

beforeEach(() => vendor.clock.advance(MINUTE_MS));

afterAll(() => vendor[Symbol.asyncDispose]());

describe('stripe is told', () => {
  it('that a customer is not there, as its own error', async () => {
    const error = await stripe.customers.retrieve('cus_zzzzzzzzzzzzzz').catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Stripe.errors.StripeInvalidRequestError);
    expect(error).toMatchObject({ statusCode: 404, code: 'resource_missing', param: 'id', requestId: /^req_/ });
  });

  it('which parameter it does not know', async () => {
    const creating = stripe.customers.create({ nickname: 'x' } as Stripe.CustomerCreateParams);
    await expect(creating).rejects.toMatchObject({ statusCode: 400, param: 'nickname' });
  });

  it('of a limit that a write met: neither Tenon nor the client repeats it', async () => {
    vendor.fail({ kind: 'status', status: 429, retryAfterSeconds: 1 });
    let error: unknown;
    const asked = await vendor.asked(async () => {
      error = await stripe.customers.create({ name: 'Ada' }).catch((thrown: unknown) => thrown);
    });
    expect(error).toBeInstanceOf(Stripe.errors.StripeRateLimitError);
    expect(asked).toBe(1);
  });

  it('by Tenon that its key is wrong', async () => {
    const { url, headers } = vendor.through;
    const stranger = stripeThrough({ url, headers: { ...headers, 'x-api-key': 'tnn_wrong' } });
    await expect(stranger.customers.list()).rejects.toBeInstanceOf(Stripe.errors.StripeAuthenticationError);
  });
});

describe('stripe', () => {
  it('creates, reads, changes and removes, with what forms make hard', async () => {
    const made = await stripe.customers.create({
      name: 'Ada & Söhne',
      email: 'ada+1@example.com',
      metadata: { plan: 'a=b' },
    });
    expect(made).toMatchObject({ name: 'Ada & Söhne', email: 'ada+1@example.com', metadata: { plan: 'a=b' } });
    expect(made.lastResponse.statusCode).toBe(200);
    const changed = await stripe.customers.update(made.id, { description: 'changed' });
    expect(await stripe.customers.retrieve(made.id)).toEqual(changed);
    expect(await stripe.customers.del(made.id)).toMatchObject({ id: made.id, deleted: true });
    await expect(stripe.customers.retrieve(made.id)).rejects.toMatchObject({ statusCode: 404 });
  });

  it('pages through all customers', async () => {
    const ids = new Set<string>();
    const asked = await vendor.asked(async () => {
      for await (const { id } of stripe.customers.list({ limit: 100 })) ids.add(id);
    });
    expect([ids.size >= 500, asked]).toEqual([true, Math.ceil(ids.size / 100)]);
  });

  it('repeats a write that failed with its idempotency key, and it is done once', async () => {
    const before = await stripe.customers.list({ limit: 1 });
    vendor.fail({ kind: 'status', status: 500 });
    const made = await stripe.customers.create({ name: 'Once' });
    const { data } = await stripe.customers.list({ limit: 2 });
    expect(data.map(({ id }) => id)).toEqual([made.id, before.data[0]?.id]);
    const options = { idempotencyKey: 'by hand' };
    const first = await stripe.customers.create({ name: 'By hand' }, options);
    const second = await stripe.customers.create({ name: 'By hand' }, options);
    expect(second.id).toBe(first.id);
  });

  it('does not wait itself for a limit that passes soon: Tenon does', async () => {
    vendor.fail({ kind: 'status', status: 429, retryAfterSeconds: 3 });
    let ms = 0;
    const asked = await vendor.asked(async () => {
      ({ ms } = await vendor.passing(stripe.customers.list({ limit: 1 })));
    });
    expect([asked, ms >= 3 * SECOND_MS]).toEqual([2, true]);
  });

  it('makes fifty calls at once, each answered with its own', async () => {
    const { data } = await stripe.customers.list({ limit: 50 });
    const answers = await Promise.all(data.map(({ id }) => stripe.customers.retrieve(id)));
    expect(answers.map(({ id }) => id)).toEqual(data.map(({ id }) => id));
  });
});
