import { Memo, normalAuthority, virtualHostsOf, type Route, type VirtualHost } from '@evenly/mesh-config';
import { otherAuthorities } from '../cluster-names.ts';
import { isConsumerName } from '../listener-alias.ts';

/** The virtual hosts of a listener with a socket. */
export class SocketHosts {
  readonly #clusterDomain: string;
  readonly #hosts = new Memo<readonly Route[], readonly VirtualHost[]>();
  readonly #named = new Memo<VirtualHost, VirtualHost>();

  /** @param clusterDomain what the names of Services in DNS end with */
  constructor(clusterDomain: string) {
    this.#clusterDomain = clusterDomain;
  }

  of(routes: readonly Route[]): readonly VirtualHost[] {
    return this.#hosts.get(routes, [], () => this.#make(routes));
  }

  /** Who calls by a socket does not say in which namespace it is. A Service has all its names, but for those that routes name. */
  #make(routes: readonly Route[]): readonly VirtualHost[] {
    const hosts = virtualHostsOf(routes).filter(({ domains }) =>
      domains.every((domain) => !isConsumerName(domain)),
    );
    const taken = new Set(hosts.flatMap(({ domains }) => domains));
    const isFree = (name: string) => !taken.has(name) && !taken.has(`${normalAuthority(name).host}:*`);
    return hosts.map((host) => {
      const others = otherAuthorities(host.domains[0]!, this.#clusterDomain).filter(isFree);
      if (others.length === 0) return host;
      return this.#named.get(host, others, () => ({ ...host, domains: [...host.domains, ...others] }));
    });
  }
}
