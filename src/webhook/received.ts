// A webhook of a provider as it arrived: what the edge hands to whoever verifies and parses it. Invariant: the body is
// the bytes that came, because that is what is signed.

/** A webhook as it arrived. */
export interface ReceivedWebhook {
  readonly method: string;
  /** As the provider called it: our public origin, path and query. */
  readonly url: string;
  /** Names in lower case, null prototype. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}
