// The provider of the token bench, a process of its own: a token endpoint that answers after TOKEN_DELAY_MS, rotates
// refresh tokens and ends a grant whose used one comes back (`ledger.ts`), and an API that lets in who has the newest
// access token of a grant. The rotation happens when the request arrives, as it would in a provider's database: an
// answer that is lost on its way is a grant that is lost.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { env } from 'node:process';
import { text } from 'node:stream/consumers';
import { serveParent } from '../harness/processes.ts';
import { type LedgerReport, TokenLedger, type TokenRequest, tokenText } from './ledger.ts';
import { ENDPOINT_PATH, TOKEN_DELAY_MS, TOKEN_LIFETIME_S } from './wire.ts';

/** `sent` is answered when so many token answers were sent, `report` at once. */
export type EndpointQuestion = { readonly kind: 'sent'; readonly count: number } | { readonly kind: 'report' };

const ledger = new TokenLedger(Number(env['BENCH_GRANTS']));
const waiting: { readonly count: number; readonly resolve: (answer: object) => void }[] = [];

async function answerToken(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const form = new URLSearchParams(await text(request));
  const known = ledger.began(form.get('refresh_token') ?? '', Date.now());
  response.on('close', () => {
    if (known !== null) ledger.ended(known, Date.now(), response.writableFinished);
    for (const { count, resolve } of waiting.splice(0)) {
      if (ledger.sent >= count) resolve({});
      else waiting.push({ count, resolve });
    }
  });
  setTimeout(() => {
    const isGranted = known?.outcome === 'rotated';
    const body = JSON.stringify(isGranted ? granted(known) : { error: 'invalid_grant', error_description: 'expired' });
    response.writeHead(isGranted ? 200 : 400, { 'content-type': 'application/json' }).end(body);
  }, TOKEN_DELAY_MS);
}

function granted({ grant, generation }: TokenRequest): object {
  const next = { grant, generation: generation + 1 };
  return {
    access_token: tokenText({ kind: 'access', ...next }),
    refresh_token: tokenText({ kind: 'refresh', ...next }),
    token_type: 'Bearer',
    expires_in: TOKEN_LIFETIME_S,
  };
}

function answerCall(request: IncomingMessage, response: ServerResponse): void {
  const accessToken = request.headers.authorization?.replace('Bearer ', '') ?? '';
  const isLetIn = ledger.isLetIn(accessToken);
  request.resume();
  response.writeHead(isLetIn ? 200 : 401, { 'content-type': 'application/json' }).end('{}');
}

const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
  if (request.url !== ENDPOINT_PATH) return answerCall(request, response);
  answerToken(request, response).catch(() => response.destroy());
});
server.listen(0, '127.0.0.1', () => {
  serveParent(
    { port: (server.address() as AddressInfo).port },
    (question: EndpointQuestion): LedgerReport | Promise<object> => {
      if (question.kind === 'report') return ledger.report();
      if (ledger.sent >= question.count) return Promise.resolve({});
      return new Promise((resolve) => waiting.push({ count: question.count, resolve }));
    },
  );
});
