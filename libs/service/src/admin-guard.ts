import { isIP } from 'node:net';
import { send, type Middleware } from './admin-routes.ts';

/**
 * Keeps web pages out of the admin port, which has no authentication, when they come through the browser of somebody who
 * can reach it: by a name of theirs that resolves to its address (DNS rebinding; `Host` is then that name), or by a
 * request across sites (`Origin` is then theirs). An IP address or `localhost` as `Host` is nobody's name: kubelet and
 * Prometheus come so; and browsers never leave `Host` out.
 * @param names further names by which it may be called; `*.example.org` is any name below that
 */
export function adminGuard(names: readonly string[]): Middleware {
  return (request, response, next) => {
    const { host = '', origin } = request.headers;
    const refuse = (reason: string) => send(response, { status: 403, type: 'text', body: `${reason}\n` });
    if (!isAllowed(hostName(host), names)) {
      return refuse(
        `Host ${JSON.stringify(host.slice(0, 256))} is none of this server's: see --admin-allowed-hosts`,
      );
    }
    const isOwn = origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
    if (!isOwn) return refuse(`requests of web pages from ${origin.slice(0, 256)} are refused`);
    next();
  };
}

/** Without the port, and the brackets of IPv6. */
const hostName = (host: string) =>
  host
    .replace(/:\d+$/, '')
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '')
    .toLowerCase();

function isAllowed(name: string, names: readonly string[]): boolean {
  if (name === '' || name === 'localhost' || isIP(name) !== 0) return true;
  return names.some((allowed) =>
    allowed.startsWith('*.') ? name.endsWith(allowed.slice(1)) : name === allowed.toLowerCase(),
  );
}
