// What the processes of the token bench have to agree on.

/** What the issue asks for: a slow token endpoint. */
export const TOKEN_DELAY_MS = 50;
export const ENDPOINT_PATH = '/token';
export const TOKEN_LIFETIME_S = 7200;
/** Every call of a customer goes here. */
export const CALL_PATH = '/services/data/v60.0/limits';
/** Single-use refresh tokens, and a grant ends when a used one comes back. */
export const PROVIDER = 'salesforce';

export function groupRefOf(grant: number): string {
  return `customer-${grant}`;
}

export function grantOfGroup(groupRef: string): number {
  return Number(groupRef.replace('customer-', ''));
}

/** The catalog with the provider at a port of this machine, for token requests and calls. */
export function overridesAt(port: number): object {
  const origin = `http://127.0.0.1:${port}`;
  return { [PROVIDER]: { baseURL: origin, oauth2Opts: { tokenURL: `${origin}${ENDPOINT_PATH}` } } };
}
