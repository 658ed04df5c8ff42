// Salesforce's client through Tenon; shown in docs/proxy.md.

import { Connection, type HttpRequest } from 'jsforce';
import { Transport } from 'jsforce/lib/transport.js';
import type { Through } from './through.ts';

export function salesforceThrough(tenon: Through): Connection {
  class ThroughTenon extends Transport {
    override httpRequest(request: HttpRequest, options?: object) {
      const isTenon = request.url.startsWith(`${tenon.url}/`);
      const headers = { ...request.headers, ...(isTenon ? tenon.headers : {}) };
      return super.httpRequest({ ...request, headers }, { ...options, followRedirect: false });
    }
  }
  class TenonConnection extends Connection {
    override readonly _transport = new ThroughTenon();
  }
  return new TenonConnection({ instanceUrl: tenon.url, version: '60.0' });
}
