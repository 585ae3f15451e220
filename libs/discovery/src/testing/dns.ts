import { DnsServer, type ZoneService } from '@evenly/local-cluster';
import { dnsResolver } from '../dns/resolver.ts';

/** A real DNS server whose one service a test changes. */
export async function testDns() {
  let endpoints: ZoneService['endpoints'] = [];
  const service = { name: 'be1-srv', namespace: 'default', portName: 'grpc', protocol: 'tcp' };
  const zone = () => ({ domain: 'cluster.local', ttlS: 1, services: [{ ...service, endpoints }] });
  const server = new DnsServer({ host: '127.0.0.1', port: 0 }, zone);
  await server.start();
  return {
    server,
    resolver: dnsResolver({ servers: [`127.0.0.1:${server.status.port}`], timeoutMs: 10_000, attempts: 1 }),
    name: '_grpc._tcp.be1-srv.default.svc.cluster.local',
    /** Each `[address, port]` is a pod. */
    publish: (...pods: [address: string, port: number][]) => {
      endpoints = pods.map(([address, port]) => ({ hostname: `pod-${port}`, address, port }));
    },
  };
}
