import { Addresses } from './addresses.ts';
import { DnsServer } from './dns/server.ts';
import type { Zone } from './dns/zone.ts';
import { LocalClusterError } from './errors.ts';
import type { Pod } from './pod.ts';
import { LocalService, type ServiceSpec } from './service.ts';

export interface ClusterOptions {
  /** Loopback address of the pods and of DNS: 127.0.0.1 (default) or ::1. */
  host?: string;
  /** 0 (default) = any. */
  dnsPort?: number;
  /** Default `cluster.local`. */
  domain?: string;
  /** TTL of DNS records in seconds; default 5, as CoreDNS has it. */
  dnsTtlS?: number;
}

/** RFC 1123 label, as Kubernetes wants service names; short enough for `-<number>` after it. */
const serviceName = /^[a-z]([-a-z0-9]{0,48}[a-z0-9])?$/;
const maxServices = 20;

/** Services on loopback, with a DNS server that knows their running pods. */
export class LocalCluster {
  readonly dns: DnsServer;
  readonly #options: Required<ClusterOptions>;
  readonly #services = new Map<string, LocalService>();
  readonly #addresses = new Addresses();

  constructor(options: ClusterOptions = {}) {
    this.#options = { host: '127.0.0.1', dnsPort: 0, domain: 'cluster.local', dnsTtlS: 5, ...options };
    this.dns = new DnsServer({ host: this.#options.host, port: this.#options.dnsPort }, () => this.#zone());
  }

  get services(): readonly LocalService[] {
    return [...this.#services.values()];
  }

  /**
   * Adds a service; its pods start with `service.start()`.
   * @throws LocalClusterError BAD_NAME, BAD_REPLICAS, NO_ADDRESSES
   */
  add(name: string, spec: ServiceSpec): LocalService {
    const problem = this.#problemWith(name);
    if (problem) throw new LocalClusterError('BAD_NAME', problem);
    const { host } = this.#options;
    const isIpv6 = host.includes(':');
    if (isIpv6 && spec.port !== undefined) {
      throw new LocalClusterError('NO_ADDRESSES', `${name}: pods have addresses of their own only with IPv4`);
    }
    const index = this.#services.size;
    const place = {
      host,
      virtualIp: isIpv6 || spec.port === undefined ? host : this.#addresses.ofService(index),
      podAddress: (number: number) => this.#addresses.ofPod(index, number),
    };
    const service = new LocalService(name, place, spec);
    this.#services.set(name, service);
    return service;
  }

  /** @throws LocalClusterError UNKNOWN_SERVICE, naming the known ones */
  service(name: string): LocalService {
    const service = this.#services.get(name);
    if (service) return service;
    const known = [...this.#services.keys()].join(', ') || 'none';
    throw new LocalClusterError('UNKNOWN_SERVICE', `no service ${JSON.stringify(name)}; there are: ${known}`);
  }

  /** @throws LocalClusterError UNKNOWN_POD, naming the known ones */
  pod(name: string): Pod {
    const pods = this.services.flatMap((service) => service.pods);
    const pod = pods.find((each) => each.name === name);
    if (pod) return pod;
    const known = pods.map((each) => each.name).join(', ') || 'none';
    throw new LocalClusterError('UNKNOWN_POD', `no pod ${JSON.stringify(name)}; there are: ${known}`);
  }

  /** Starts DNS and all services. When one cannot start, everything is stopped and the error thrown. */
  async start(): Promise<this> {
    try {
      await this.dns.start();
      await Promise.all(this.services.map((service) => service.start()));
      return this;
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  /** Ends all pods and DNS; resolves when they are gone. May be called more than once. */
  async stop(): Promise<void> {
    await Promise.all([this.dns.stop(), ...this.services.map((service) => service.stop())]);
    this.#addresses.release();
  }

  /** SIGKILL for all pods, when `stop` takes too long. */
  kill(): void {
    for (const service of this.services) service.kill();
  }

  #problemWith(name: string): string | undefined {
    if (!serviceName.test(name))
      return `${JSON.stringify(name)} is no service name (a-z, 0-9, -; at most 50)`;
    if (this.#services.has(name)) return `there is already a service ${name}`;
    return this.#services.size >= maxServices ? `no more than ${maxServices} services` : undefined;
  }

  #zone(): Zone {
    const services = this.services.map(({ status }) => ({
      name: status.name,
      namespace: status.namespace,
      portName: status.portName,
      protocol: status.protocol,
      ...(status.virtualIp && { virtualIp: status.virtualIp }),
      endpoints: status.pods.flatMap(({ name, state, address, port }) =>
        state === 'running' && port !== undefined ? [{ hostname: name, address, port }] : [],
      ),
    }));
    return { domain: this.#options.domain, ttlS: this.#options.dnsTtlS, services };
  }
}
