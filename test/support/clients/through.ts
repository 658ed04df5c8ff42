// What every vendor's client needs to call through Tenon: the address and the headers. This file and its neighbours are
// the code of docs/proxy.md, word for word: `test/e2e/clients/snippets.test.ts` compares them.

/** Where Tenon is, without a slash at the end, and whom a call is for. */
export interface Through {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A fetch that sends Tenon's headers to Tenon and to nobody else, not even after a redirect. */
export function fetchThrough({ url, headers }: Through): typeof fetch {
  const through = async (input: string, init: RequestInit = {}, hops = 0): Promise<Response> => {
    const isTenon = input.startsWith(`${url}/`);
    const all = new Headers(init.headers);
    if (isTenon) for (const [name, value] of Object.entries(headers)) all.set(name, value);
    const response = await fetch(input, { ...init, headers: all, redirect: 'manual' });
    const location = response.headers.get('location');
    const isRedirect = response.status > 300 && response.status < 400 && location !== null;
    if (!isRedirect || hops === 5 || (init.method ?? 'GET') !== 'GET') return response;
    return through(new URL(location, input).href, init, hops + 1);
  };
  return (input, init) => through(String(input), init);
}
