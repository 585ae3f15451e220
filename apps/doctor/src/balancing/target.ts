/** A word of a manifest that may name a server: a gRPC target, a URL, or a bare host. */
export interface Target {
  /** `dns` of `dns:///cart:50051`; undefined where there is none, which gRPC takes for `dns`. */
  scheme: string | undefined;
  /** In lower case, without a dot at its end. */
  host: string;
  /** A number, or the name of a port. */
  port: string | undefined;
  /** Of an SRV name, `_grpc._tcp.`. */
  isSrv: boolean;
  /** As it is written, but for a path and what follows: that may be a secret. */
  text: string;
}

const label = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';
const srv = '(?<srv>_[a-z0-9-]+\\._(?:tcp|udp)\\.)?';
const host = `${srv}(?<host>${label}(?:\\.${label})*)\\.?`;
const port = '(?::(?<port>[a-z0-9-]+))?';
/** `dns:///cart:50051`, `dns://10.0.0.10/cart`, `http://cart:80/path`; `dns:cart` for those that gRPC itself knows. */
const scheme = '(?:(?<scheme>[a-z][a-z0-9+.-]*)://(?:[^/{]*/(?=[^/]))?|(?<short>dns|xds|ipv4|ipv6|unix):)?';
const path = '(?<path>[/?].*)?';
const pattern = new RegExp(`^${scheme}${host}${port}${path}$`, 'i');
/** With a path and a host where gRPC has an authority. */
const urlSchemes = new Set(['http', 'https', 'grpc', 'grpcs', 'tcp', 'h2c']);
const url = new RegExp(`^(?<scheme>${[...urlSchemes].join('|')})://${host}${port}${path}$`, 'i');

const delimiters = /[\s,;="'`()<>[\]|]+/;
/** More words than this are no list of servers. */
const maxWords = 10_000;

/** The words of a text that may name servers; whether they do, the names of Services tell. */
export function targetsIn(text: string): Target[] {
  return text.split(delimiters, maxWords).flatMap((word) => {
    const groups = (url.exec(word) ?? pattern.exec(word))?.groups;
    if (groups?.host === undefined) return [];
    return {
      scheme: (groups.scheme ?? groups.short)?.toLowerCase(),
      host: groups.host.toLowerCase(),
      port: groups.port,
      isSrv: groups.srv !== undefined,
      text: word.slice(0, word.length - (groups.path?.length ?? 0)),
    };
  });
}

/** The scheme of a target whose host is put in later: `dns` of `dns:///{service}:50051`. */
export function schemeOfTemplate(text: string): string | undefined {
  return /(?:^|[\s=,"'])([a-z][a-z0-9+.-]*):\/\/[^/\s]*\/[^\s]*(?:\{|\$\(|\$\{|%s)/i
    .exec(text)?.[1]
    ?.toLowerCase();
}
