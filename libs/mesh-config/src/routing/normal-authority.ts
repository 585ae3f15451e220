/** What of an authority routes are compared with. */
export interface NormalAuthority {
  /** In lower case, without port and without the dot of the root. */
  host: string;
  /** The same with its port, if it has one. */
  authority: string;
}

/** Most calls have an authority that was there before: this is on the path of each call whose headers are new. */
const known = new Map<string, NormalAuthority>();
const maxKnown = 256;

/** One form for all ways to write an authority (RFC 3986 §6.2.2): `Shop.`, `shop:` and `%73hop` are `shop`. */
export function normalAuthority(given: string): NormalAuthority {
  const found = known.get(given);
  if (found !== undefined) return found;
  if (known.size >= maxKnown) known.clear();
  const normal = normalized(given);
  known.set(given, normal);
  return normal;
}

function normalized(given: string): NormalAuthority {
  const port = /:(\d*)$/.exec(given)?.[1];
  const name = (port === undefined ? given : given.slice(0, -port.length - 1)).toLowerCase();
  const host = (name.includes('%') ? decodeUnreserved(name) : name).replace(/(?<=.)\.$/, '');
  return { host, authority: port === undefined || port === '' ? host : `${host}:${Number(port)}` };
}

function decodeUnreserved(host: string): string {
  if (host.startsWith('[')) return host;
  return host.replace(/%(2d|2e|3\d|[46][1-9a-f]|[57][0-9a]|5f|7e)/g, (encoded) => {
    const octet = String.fromCharCode(parseInt(encoded.slice(1), 16));
    return /[\w.~-]/.test(octet) ? octet.toLowerCase() : encoded;
  });
}
