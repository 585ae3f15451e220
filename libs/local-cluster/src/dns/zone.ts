import type { Answer, Question, SoaAnswer, SrvAnswer, StringAnswer } from 'dns-packet';

/** A headless service as DNS sees it. */
export interface ZoneService {
  name: string;
  namespace: string;
  portName: string;
  protocol: string;
  endpoints: readonly { hostname: string; address: string; port: number }[];
  /** It is no headless service, then: its name stands for this address. */
  virtualIp?: { address: string; port: number };
}

export interface Zone {
  /** The cluster's domain, for example `cluster.local`. */
  domain: string;
  ttlS: number;
  services: readonly ZoneService[];
}

export type ResponseCode = 'NOERROR' | 'FORMERR' | 'NXDOMAIN' | 'NOTIMP' | 'REFUSED';

export interface ZoneAnswer {
  rcode: ResponseCode;
  answers: Answer[];
  authorities: Answer[];
}

type ZoneRecord = StringAnswer | SrvAnswer | SoaAnswer;

/**
 * Answers one question as the Kubernetes DNS specification (1.1.0, 2.3 services with a cluster IP, 2.4 headless ones) has it:
 * `<service>.<ns>.svc.<domain>` and `<pod>.<service>.<ns>.svc.<domain>` have A or AAAA records,
 * `_<port>._<protocol>.<service>.<ns>.svc.<domain>` has SRV records. A service without endpoints is NXDOMAIN. A pure function.
 */
export function answer(zone: Zone, question: Question): ZoneAnswer {
  const name = question.name.toLowerCase();
  if (name !== zone.domain && !name.endsWith(`.${zone.domain}`)) return negative('REFUSED', []);
  if ((question.class ?? 'IN') !== 'IN') return negative('REFUSED', []);

  const records = recordsOf(zone);
  const matching = records.filter((record) => record.name === name && record.type === question.type);
  if (matching.length > 0) {
    // The question's own spelling comes back: resolvers that mix the case of names (0x20) check it.
    return {
      rcode: 'NOERROR',
      answers: matching.map((record) => ({ ...record, name: question.name })),
      authorities: [],
    };
  }
  // RFC 8020: a name exists when anything exists below it.
  const exists = records.some((record) => record.name === name || record.name.endsWith(`.${name}`));
  return negative(exists ? 'NOERROR' : 'NXDOMAIN', [startOfAuthority(zone)]);
}

const negative = (rcode: ResponseCode, authorities: Answer[]): ZoneAnswer => ({
  rcode,
  answers: [],
  authorities,
});

function recordsOf(zone: Zone): ZoneRecord[] {
  return [startOfAuthority(zone), ...zone.services.flatMap((service) => recordsOfService(zone, service))];
}

function recordsOfService({ domain, ttlS }: Zone, service: ZoneService): ZoneRecord[] {
  const serviceName = `${service.name}.${service.namespace}.svc.${domain}`.toLowerCase();
  const srvName = `_${service.portName}._${service.protocol}.${serviceName}`.toLowerCase();
  const addressRecord = (name: string, address: string): ZoneRecord => ({
    type: address.includes(':') ? 'AAAA' : 'A',
    name,
    ttl: ttlS,
    data: address,
  });
  // As CoreDNS has it: a hundred shared evenly.
  const weight = Math.max(1, Math.floor(100 / service.endpoints.length));
  if (service.virtualIp) {
    const { address, port } = service.virtualIp;
    const data = { priority: 0, weight: 100, port, target: serviceName };
    return [addressRecord(serviceName, address), { type: 'SRV', name: srvName, ttl: ttlS, data }];
  }
  const podName = (hostname: string) => `${hostname}.${serviceName}`.toLowerCase();
  return [
    ...[...new Set(service.endpoints.map(({ address }) => address))].map((each) =>
      addressRecord(serviceName, each),
    ),
    ...service.endpoints.map(({ hostname, address }) => addressRecord(podName(hostname), address)),
    ...service.endpoints.map(({ hostname, port }): ZoneRecord => ({
      type: 'SRV',
      name: srvName,
      ttl: ttlS,
      data: { priority: 0, weight, port, target: podName(hostname) },
    })),
  ];
}

/** RFC 2308: goes with every negative answer; `minimum` says for how long that may be cached. */
function startOfAuthority({ domain, ttlS }: Zone): SoaAnswer {
  const timers = { serial: 1, refresh: 7200, retry: 1800, expire: 86_400, minimum: ttlS };
  const data = { mname: `ns.dns.${domain}`, rname: `hostmaster.${domain}`, ...timers };
  return { type: 'SOA', name: domain, ttl: ttlS, data };
}
