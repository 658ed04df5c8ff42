// The part of oidc-provider that the tests use; the package brings no types.

declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http';

  interface Context {
    readonly path: string;
    readonly req: IncomingMessage;
    readonly res: ServerResponse;
    readonly oidc?: { readonly params?: Readonly<Record<string, unknown>> };
    status: number;
    body: unknown;
    /** False: the answer is somebody else's. */
    respond?: boolean;
    get(header: string): string;
    redirect(url: string): void;
  }

  interface Client {
    clientSecret: string;
    redirectUriAllowed(uri: string): boolean;
  }

  interface Token {
    readonly grantId: string;
    readonly accountId?: string;
    readonly clientId?: string;
  }

  interface Tokens {
    find(token: string): Promise<Token | undefined>;
    revokeByGrantId(grantId: string): Promise<void>;
  }

  interface Grant {
    addOIDCScope(scope: string): void;
    save(): Promise<string>;
  }

  class Provider {
    constructor(issuer: string, configuration: object);
    readonly Client: { readonly prototype: Client; find(id: string): Promise<Client | undefined> };
    readonly AccessToken: Tokens;
    readonly ClientCredentials: Tokens;
    readonly RefreshToken: Tokens;
    readonly Grant: new (grant: {
      readonly accountId: string;
      readonly clientId: string;
    }) => Grant;
    use(middleware: (ctx: Context, next: () => Promise<void>) => Promise<void>): void;
    callback(): (request: IncomingMessage, response: ServerResponse) => void;
    interactionDetails(
      request: IncomingMessage,
      response: ServerResponse,
    ): Promise<{ readonly params: Readonly<Record<string, unknown>> }>;
    interactionResult(request: IncomingMessage, response: ServerResponse, result: object): Promise<string>;
  }

  export { type Context, Provider };
}
