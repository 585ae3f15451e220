import type { RecordType } from 'dns-packet';
import { describe, expect, it } from 'vitest';
import { answer, type Zone } from './zone.ts';

const service = { namespace: 'default', portName: 'grpc', protocol: 'tcp' };
const zone: Zone = {
  domain: 'cluster.local',
  ttlS: 5,
  services: [
    {
      ...service,
      name: 'be1-srv',
      endpoints: [
        { hostname: 'be1-srv-1', address: '127.0.0.1', port: 1001 },
        { hostname: 'be1-srv-2', address: '127.0.0.1', port: 1002 },
      ],
    },
    { ...service, name: 'six', endpoints: [{ hostname: 'six-1', address: '::1', port: 1003 }] },
    { ...service, name: 'empty', endpoints: [] },
  ],
};
const ask = (name: string, type: RecordType) => answer(zone, { name, type });
const data = (name: string, type: RecordType) =>
  ask(name, type).answers.map((each) => 'data' in each && each.data);
const suffix = 'default.svc.cluster.local';

describe('answers', () => {
  it('SRV with each pod and port', () => {
    expect(data(`_grpc._tcp.be1-srv.${suffix}`, 'SRV')).toEqual([
      { priority: 0, weight: 50, port: 1001, target: `be1-srv-1.be1-srv.${suffix}` },
      { priority: 0, weight: 50, port: 1002, target: `be1-srv-2.be1-srv.${suffix}` },
    ]);
  });

  it('A and AAAA of a pod, and of a service each address once', () => {
    expect(data(`be1-srv-2.be1-srv.${suffix}`, 'A')).toEqual(['127.0.0.1']);
    expect(data(`be1-srv.${suffix}`, 'A')).toEqual(['127.0.0.1']);
    expect(data(`six-1.six.${suffix}`, 'AAAA')).toEqual(['::1']);
    expect(data(`six.${suffix}`, 'AAAA')).toEqual(['::1']);
  });

  it('whatever the case of the name, in the spelling of the question', () => {
    const name = `BE1-srv.${suffix.toUpperCase()}`;
    expect(ask(name, 'A').answers).toEqual([{ type: 'A', name, ttl: 5, data: '127.0.0.1' }]);
  });

  it('SOA of the zone itself', () => {
    expect(ask('cluster.local', 'SOA').answers).toHaveLength(1);
  });
});

describe('negative answers carry the SOA', () => {
  it.each([
    ['another type of a pod', `six-1.six.${suffix}`, 'A', 'NOERROR'],
    ['another type of a service', `be1-srv.${suffix}`, 'SRV', 'NOERROR'],
    ['a name that only has names below it', 'default.svc.cluster.local', 'A', 'NOERROR'],
    ['a type that nobody has', `be1-srv.${suffix}`, 'TXT', 'NOERROR'],
    ['no such service', `_grpc._tcp.be3-srv.${suffix}`, 'SRV', 'NXDOMAIN'],
    ['no such pod', `be1-srv-9.be1-srv.${suffix}`, 'A', 'NXDOMAIN'],
    ['no such port name', `_http._tcp.be1-srv.${suffix}`, 'SRV', 'NXDOMAIN'],
    ['a service without pods', `_grpc._tcp.empty.${suffix}`, 'SRV', 'NXDOMAIN'],
    ['a name that only ends alike', `xbe1-srv.${suffix}`, 'A', 'NXDOMAIN'],
  ] as const)('%s', (_, name, type, rcode) => {
    const result = ask(name, type);
    expect(result).toMatchObject({ rcode, answers: [] });
    expect(result.authorities).toMatchObject([{ type: 'SOA', name: 'cluster.local', ttl: 5 }]);
  });

  it.each(['example.com', 'notcluster.local', 'local', ''])(
    'but the name %j is refused: it is not ours',
    (name) => {
      expect(ask(name, 'A')).toEqual({ rcode: 'REFUSED', answers: [], authorities: [] });
    },
  );

  it('and so is a class other than IN', () => {
    expect(answer(zone, { name: `be1-srv.${suffix}`, type: 'A', class: 'CH' }).rcode).toBe('REFUSED');
  });
});
