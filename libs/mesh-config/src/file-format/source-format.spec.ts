import { describe, expect, it } from 'vitest';
import { onlyFault, read, source } from '../testing/mesh-yaml.ts';

describe('the form of sources', () => {
  it.each([
    ['no source of the known', source('{}'), 3, 'services.a.source', /exactly one of dnsSrv, dnsA/],
    [
      'two sources',
      source('dnsSrv: { name: x }\n      file: { path: y }'),
      3,
      'services.a.source',
      /^must have exactly one of .* got \{ dnsSrv/,
    ],
    [
      'merge in merge',
      source('merge: [{ file: { path: x }, merge: [] }]'),
      4,
      'services.a.source.merge[0].merge',
      /^is not a field/,
    ],
    ['an empty merge', source('merge: []'), 4, 'services.a.source.merge', /at least 1, got \[\]$/],
    [
      'a bad duration',
      source('dnsSrv: { name: x, refresh: 10 s }'),
      4,
      'services.a.source.dnsSrv.refresh',
      /^must be a duration such as .* got "10 s"$/,
    ],
    [
      'a number for a duration',
      source('dnsSrv: { name: x, refresh: 10 }'),
      4,
      'services.a.source.dnsSrv.refresh',
      /^must be a text, got 10$/,
    ],
    [
      'a duration that is too short',
      source('dnsSrv: { name: x, refresh: 9ms }'),
      4,
      'services.a.source.dnsSrv.refresh',
      /^must be a duration from 10ms to 1h/,
    ],
    ['port 0', source('dnsA: { name: x, port: 0 }'), 4, 'services.a.source.dnsA.port', /at least 1, got 0$/],
    [
      'a port that is too large',
      source('dnsA: { name: x, port: 65536 }'),
      4,
      'services.a.source.dnsA.port',
      /at most 65535/,
    ],
    [
      'a broken port',
      source('dnsA: { name: x, port: 1.5 }'),
      4,
      'services.a.source.dnsA.port',
      /^must be a whole number, got 1.5$/,
    ],
    [
      'a port name that is none',
      source('kubernetes: { service: x, port: "Grpc" }'),
      4,
      'services.a.source.kubernetes.port',
      /^must be a port from 1 to 65535, or the name of one.* got "Grpc"$/,
    ],
    [
      'a port name of 64 characters',
      source(`kubernetes: { service: x, port: ${'a'.repeat(64)} }`),
      4,
      'services.a.source.kubernetes.port',
      /at most 63/,
    ],
    [
      'a namespace in upper case',
      source('kubernetes: { service: x, namespace: Prod, port: 80 }'),
      4,
      'services.a.source.kubernetes.namespace',
      /lower-case/,
    ],
    [
      'a path for a Consul service',
      source('consul: { service: ".." }'),
      4,
      'services.a.source.consul.service',
      /^must be the name of a service, got ".."$/,
    ],
    [
      'a Consul namespace, which is unsupported',
      source('consul: { service: x, namespace: team-a }'),
      4,
      'services.a.source.consul.namespace',
      /^is not a field/,
    ],
    [
      'an unheard-of consistency',
      source('consul: { service: x, consistency: eventual }'),
      4,
      'services.a.source.consul.consistency',
      /default.*stale.*consistent/,
    ],
    [
      'a certificate for Consul without its key',
      source('consul: { service: x, cert: c.pem }'),
      4,
      'services.a.source.consul',
      /^must have both cert and key, or none of them/,
    ],
    [
      'an endpoint without a port',
      source('static: { endpoints: [10.0.0.1] }'),
      4,
      'services.a.source.static.endpoints[0]',
      /^must be an IP address and a port/,
    ],
    [
      'IPv6 without brackets',
      source('static: { endpoints: ["fd00::1:80"] }'),
      4,
      'services.a.source.static.endpoints[0]',
      /such as 10.0.0.1:50051 or \[fd00::1\]:50051/,
    ],
    [
      'IPv4 in brackets',
      source('static: { endpoints: ["[10.0.0.1]:80"] }'),
      4,
      'services.a.source.static.endpoints[0]',
      /^must be an IP address/,
    ],
    [
      'an endpoint with port 0',
      source('static: { endpoints: [10.0.0.1:0] }'),
      4,
      'services.a.source.static.endpoints[0]',
      /^must be an IP address and a port/,
    ],
    [
      'a host name as an endpoint',
      source('static: { endpoints: [{ address: a.b, port: 1 }] }'),
      4,
      'services.a.source.static.endpoints[0].address',
      /dnsA source takes names, got "a.b"$/,
    ],
    [
      'an endpoint of weight 0',
      source('static: { endpoints: [{ address: 10.0.0.1, port: 1, weight: 0 }] }'),
      4,
      'services.a.source.static.endpoints[0].weight',
      /at least 1/,
    ],
    [
      'an endpoint that is there twice',
      source('static: { endpoints: [10.0.0.1:1, { address: 10.0.0.1, port: 1 }] }'),
      4,
      'services.a.source.static.endpoints[1]',
      /^is there twice: "10.0.0.1:1" is also entry \[0\]$/,
    ],
    [
      'an endpoint that is there twice, in two spellings',
      source('static: { endpoints: ["[FD00:0::1]:1", { address: "fd00::1", port: 1 }] }'),
      4,
      'services.a.source.static.endpoints[1]',
      /^is there twice: "\[fd00::1\]:1" is also entry \[0\]$/,
    ],
  ])('refuses %s', (_, text, line, field, reason) => {
    expect(onlyFault(text)).toEqual({ line, field, reason: expect.stringMatching(reason) as string });
  });

  it.each([
    ['of 63 characters', 'a'.repeat(63)],
    ['of digits alone', '8080'],
    ['with two dashes', 'a--b'],
  ])('takes a name of a Service port %s, and a namespace', (_, name) => {
    const { services } = read(source(`kubernetes: { service: x, namespace: "${name}", port: "${name}" }`));
    expect(services.get('a')!.source).toEqual({
      kind: 'kubernetes',
      service: 'x',
      namespace: name,
      port: name,
    });
  });
});
