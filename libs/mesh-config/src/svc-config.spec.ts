import { describe, expect, it } from 'vitest';
import { ConfigError } from './errors.ts';
import { readAnyConfig } from './read-config.ts';
import { fromSvcConfig, readSvcConfig, srvName } from './svc-config.ts';
import { routesOf } from './routes-of.ts';

const be1 = {
  serviceName: 'be1-srv',
  namespace: 'default',
  portName: 'grpc',
  protocol: 'tcp',
  grpcServiceName: 'echo.EchoServer',
  zone: 'us-central1-a',
  region: 'us-central1',
};
const file = (...services: unknown[]) => JSON.stringify({ services }, null, 1);

function faultsOf(text: string) {
  try {
    readSvcConfig(text, 'svc_config.json');
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe('readSvcConfig', () => {
  it('reads the file as it is', () => {
    const services = readSvcConfig(file(be1, { ...be1, serviceName: 'be2-srv' }), 'svc_config.json');
    expect(services).toEqual([be1, { ...be1, serviceName: 'be2-srv' }]);
    expect(srvName(services[0]!)).toBe('_grpc._tcp.be1-srv.default.svc.cluster.local');
  });

  it('refuses a truncated file, and says the line', () => {
    const text = file(be1);
    const [fault] = faultsOf(text.slice(0, text.indexOf('tcp') + 2));
    expect(fault).toMatchObject({
      file: 'svc_config.json',
      line: 7,
      reason: expect.stringContaining('not valid JSON') as string,
    });
  });

  it('refuses a service that is there twice, and names both places', () => {
    expect(faultsOf(file(be1, be1))).toEqual([
      {
        file: 'svc_config.json',
        line: 13,
        field: 'services[1].serviceName',
        reason: 'is there twice: "be1-srv" is also entry [0]',
      },
    ]);
  });

  it.each([-1, '-1', '-grpc', 50051, 'gRPC', '', 'a'.repeat(63)])('refuses the port %j', (portName) => {
    expect(faultsOf(file({ ...be1, portName }))).toMatchObject([{ field: 'services[0].portName', line: 6 }]);
  });

  it('takes names as Kubernetes does: port names of digits, or longer than 15, namespaces that begin with a digit', () => {
    const given = [
      { ...be1, portName: '50051', namespace: '2026-shop' },
      { ...be1, serviceName: 'be2-srv', portName: `${'a'.repeat(61)}-b`.slice(1), namespace: '0' },
    ];
    expect(readSvcConfig(file(...given), 'svc_config.json')).toEqual(given);
  });

  it('refuses a field that it does not know, such as a port number', () => {
    expect(faultsOf(file({ ...be1, port: -1 }))).toMatchObject([
      {
        field: 'services[0].port',
        line: 11,
        reason: expect.stringMatching(/^is not a field that is known here/) as string,
      },
    ]);
  });

  it('lists every fault, not only the first', () => {
    const faults = faultsOf(
      file({ ...be1, protocol: 'sctp', namespace: 'Default' }, { ...be1, serviceName: '-' }),
    );
    expect(faults.map((fault) => fault.field)).toEqual([
      'services[0].namespace',
      'services[0].protocol',
      'services[1].serviceName',
    ]);
  });

  it.each(['', '[]', '{}', '{"services": 1}', 'null'])('refuses %j', (text) => {
    expect(faultsOf(text)).toHaveLength(1);
  });
});

describe('fromSvcConfig', () => {
  it('makes of each service one with DNS SRV, health checks, its locality, and a route from its own name', () => {
    const config = fromSvcConfig(readSvcConfig(file(be1), 'svc_config.json'));
    expect(config.services.get('be1-srv')).toStrictEqual({
      name: 'be1-srv',
      source: { kind: 'dns-srv', name: '_grpc._tcp.be1-srv.default.svc.cluster.local', refreshMs: 10_000 },
      locality: { region: 'us-central1', zone: 'us-central1-a' },
      healthCheck: {
        grpcService: 'echo.EchoServer',
        timeoutMs: 1000,
        intervalMs: 10_000,
        healthyThreshold: 1,
        unhealthyThreshold: 3,
      },
      subsets: new Map(),
      policy: { loadBalancing: 'round-robin', zonePreference: 'none', panicThresholdPercent: 50 },
    });
    expect(routesOf(config)).toMatchObject([
      { match: { authority: 'be1-srv' }, to: [{ service: 'be1-srv' }] },
    ]);
    expect(readAnyConfig(file(be1), 'svc_config.json')).toEqual(config);
  });
});
