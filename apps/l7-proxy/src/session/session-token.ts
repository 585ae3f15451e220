/** What a client brings back so that its calls stay together. It is text of ours, but anybody can write one like it. */
export interface SessionToken {
  /** The key of an endpoint, see `endpointKey`. */
  endpoint: string;
  /** The service that the endpoint is of, or `service/subset`. */
  service: string;
  /** Seconds since 1970; undefined: the session has no end. */
  endsAtS: number | undefined;
}

/** The names of services by xDS have up to 1024 characters; base64 makes 4 of 3. */
const maxText = 2048;

/** Text that a cookie and a header can have: other proxies of the same service read it, so it says all there is to know. */
export function writeToken({ endpoint, service, endsAtS }: SessionToken): string {
  return Buffer.from(`${endpoint};${endsAtS ?? ''};${service}`).toString('base64url');
}

/** @returns undefined for what cannot be one; that its endpoint exists is not said by it */
export function readToken(text: string): SessionToken | undefined {
  if (text.length > maxText || !/^[\w-]+$/.test(text)) return undefined;
  const parts = /^([^;]+);(\d{0,12});(.+)$/s.exec(Buffer.from(text, 'base64url').toString());
  if (parts === null) return undefined;
  const [, endpoint, end, service] = parts;
  return { endpoint: endpoint!, service: service!, endsAtS: end === '' ? undefined : Number(end) };
}
