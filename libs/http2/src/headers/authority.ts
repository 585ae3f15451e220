/** Host and port (RFC 3986 §3.2), without user information, which RFC 9113 §8.3.1 forbids; or nothing. */
export const authorityPattern =
  /^(?:\[[0-9A-Fa-f:.]+(?:%[\w.~-]+)?\]|(?:[\w.~!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*)(?::\d{0,5})?$/;

const defaultPorts: Readonly<Record<string, string>> = { http: '80', https: '443' };

/** Whether two authorities name the same host and port, after normalization by scheme (RFC 3986 §6.2.3). */
export function sameAuthority(one: string, other: string, scheme: string): boolean {
  return one === other || normalized(one, scheme) === normalized(other, scheme);
}

function normalized(authority: string, scheme: string): string {
  const port = /:(\d*)$/.exec(authority)?.[1];
  const lower = authority.toLowerCase();
  if (port === undefined) return lower;
  const host = lower.slice(0, -port.length - 1);
  return port === '' || port === defaultPorts[scheme.toLowerCase()] ? host : `${host}:${port}`;
}
