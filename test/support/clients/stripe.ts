// Stripe's client through Tenon; shown in docs/proxy.md.

import Stripe from 'stripe';
import { fetchThrough, type Through } from './through.ts';

export function stripeThrough(tenon: Through): Stripe {
  const { hostname: host, port, protocol } = new URL(tenon.url);
  return new Stripe('unused', {
    host,
    port: port === '' ? 443 : Number(port),
    protocol: protocol === 'https:' ? 'https' : 'http',
    httpClient: Stripe.createFetchHttpClient(fetchThrough(tenon)),
  });
}
