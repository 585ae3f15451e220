import {
  CircuitBreakers,
  CircuitBreakers_Thresholds,
} from '@evenly/proto/envoy/config/cluster/v3/circuit_breaker';
import { Cluster, Cluster_DiscoveryType } from '@evenly/proto/envoy/config/cluster/v3/cluster';
import { OutlierDetection } from '@evenly/proto/envoy/config/cluster/v3/outlier_detection';
import { ClusterLoadAssignment } from '@evenly/proto/envoy/config/endpoint/v3/endpoint';
import { SocketAddress, type Address } from '@evenly/proto/envoy/config/core/v3/address';
import { LbEndpoint, LocalityLbEndpoints } from '@evenly/proto/envoy/config/endpoint/v3/endpoint_components';
import { describe, expect, it } from 'vitest';
import { message } from '../resources/message.ts';
import { clientLimits } from './limits.ts';
import { parseCluster } from './parse/cluster.ts';
import { parseEndpoints } from './parse/endpoints.ts';
import { waitMs, timeoutMs } from './parse/numbers.ts';

const noLimit = 0xffff_ffff;

function parsed(change: Partial<Cluster>) {
  const warnings: string[] = [];
  const type = { $case: 'type' as const, value: Cluster_DiscoveryType.EDS };
  const cluster = message(Cluster, { name: 'a', clusterDiscoveryType: type, ...change });
  return { ...parseCluster(cluster, (reason) => warnings.push(reason)), warnings };
}
const breaker = (change: Partial<CircuitBreakers_Thresholds>) =>
  parsed({
    circuitBreakers: message(CircuitBreakers, { thresholds: [message(CircuitBreakers_Thresholds, change)] }),
  });
const outliers = (change: Partial<OutlierDetection>) =>
  parsed({ outlierDetection: message(OutlierDetection, change) });

describe('numbers of a cluster', () => {
  it('"no limit" is the most that a config holds, and nothing to be said', () => {
    const { policy, warnings } = breaker({ maxRequests: noLimit, maxConnections: noLimit, maxRetries: 0 });
    expect(policy.circuitBreaker).toEqual({
      maxRequests: 1_000_000,
      maxPendingRequests: 1024,
      maxConnections: 1_000_000,
      maxRetries: 0,
    });
    expect(warnings).toEqual([]);
  });

  it('any other that is too large counts as the largest, and that is said', () => {
    const { policy, warnings } = breaker({ maxRequests: 2_000_000 });
    expect(policy.circuitBreaker?.maxRequests).toBe(1_000_000);
    expect(warnings).toEqual(['circuit_breakers.max_requests 2000000 counts as 1000000']);
  });

  it('outlier detection: too large a deviation is the largest; "never" leaves the rule out', () => {
    const large = outliers({ successRateStdevFactor: 50_000, consecutive5xx: noLimit });
    expect(large.policy.outlierDetection).toMatchObject({
      consecutiveFailures: 0,
      successRate: { stdevFactor: 10 },
    });
    expect(large.warnings).toEqual(['outlier_detection.success_rate_stdev_factor / 1000 50 counts as 10']);
    expect(outliers({ successRateRequestVolume: noLimit }).policy.outlierDetection).not.toHaveProperty(
      'successRate',
    );
  });

  it.each<[string, () => unknown]>([
    [
      'outlier_detection.interval must be more than 0',
      () => outliers({ interval: { seconds: 0n, nanos: 0 } }),
    ],
    [
      'outlier_detection.base_ejection_time must be a duration from 0 to 10,000 years',
      () => outliers({ baseEjectionTime: { seconds: -1n, nanos: 0 } }),
    ],
    [
      'outlier_detection.max_ejection_percent must be from 0 to 100, not 101',
      () => outliers({ maxEjectionPercent: 101 }),
    ],
    [
      'healthy_panic_threshold must be from 0 to 100, not NaN',
      () => parsed({ commonLbConfig: { healthyPanicThreshold: { value: NaN } } as never }),
    ],
    [
      'failureCodes must be a list of status codes',
      () => parsed({ outlierDetection: {} as never, metadata: ours({ failureCodes: ['OK'] }) }),
    ],
    ['loadBalancing is not known', () => parsed({ metadata: ours({ loadBalancing: 'x' }) })],
    [
      'slowStart.windowMs must be from 1 to 86400000, not NaN',
      () => parsed({ metadata: ours({ loadBalancing: 'peak-ewma', slowStart: {} }) }),
    ],
  ])('what the API itself forbids is refused: %s', (reason, parse) => {
    expect(parse).toThrow(reason);
  });
});

const ours = (fields: object) => ({
  filterMetadata: { 'evenly.l7-proxy': fields },
  typedFilterMetadata: {},
});

describe('durations', () => {
  const warn = () => undefined;
  it('ten thousand years: a deadline is none, a wait is the longest', () => {
    const ever = { seconds: 315_576_000_000n, nanos: 0 };
    expect(timeoutMs('timeout', ever, warn)).toBeUndefined();
    expect(waitMs('interval', ever, warn)).toBe(86_400_000);
  });
  it('a nanosecond is a millisecond', () => {
    expect(timeoutMs('timeout', { seconds: 0n, nanos: 1 }, warn)).toBe(1);
    expect(waitMs('interval', { seconds: 0n, nanos: 1 }, warn)).toBe(1);
  });
  it.each([
    { seconds: 315_576_000_001n, nanos: 0 },
    { seconds: 0n, nanos: 1_000_000_000 },
    { seconds: 0n, nanos: -1 },
  ])('what is no duration is refused: %o', (duration) => {
    expect(() => timeoutMs('timeout', duration, warn)).toThrow('timeout must be a duration');
  });
});

describe('endpoints', () => {
  const assignment = (localities: Partial<LocalityLbEndpoints>[]) => () =>
    parseEndpoints(
      message(ClusterLoadAssignment, {
        endpoints: localities.map((one) => message(LocalityLbEndpoints, one)),
      }),
      () => undefined,
    );
  const address = (ip: string, port: number): Address => ({
    address: {
      $case: 'socketAddress',
      value: message(SocketAddress, { address: ip, portSpecifier: { $case: 'portValue', value: port } }),
    },
  });
  const endpoint = (...additional: [string, number][]) =>
    message(LbEndpoint, {
      hostIdentifier: {
        $case: 'endpoint',
        value: {
          address: address('127.0.0.1', 1),
          hostname: '',
          healthCheckConfig: undefined,
          additionalAddresses: additional.map(([ip, port]) => ({ address: address(ip, port) })),
        },
      },
    });
  const one = endpoint();

  it('of one the additional addresses are used that have its port, eight at most', () => {
    const warnings: string[] = [];
    const told = (...additional: [string, number][]) =>
      parseEndpoints(
        message(ClusterLoadAssignment, {
          endpoints: [message(LocalityLbEndpoints, { lbEndpoints: [endpoint(...additional)] })],
        }),
        (reason) => warnings.push(reason),
      ).endpoints[0]!.additionalAddresses;
    expect(told(['::1', 1], ['::2', 2])).toEqual(['::1']);
    expect(warnings).toEqual([expect.stringContaining('additional_addresses of 127.0.0.1')]);
    const many = Array.from({ length: 9 }, (_, index): [string, number] => [`10.0.0.${index}`, 1]);
    expect(told(...many)).toHaveLength(8);
    expect(warnings).toHaveLength(2);
    expect(told()).toBeUndefined();
    expect(() => told(['localhost', 1])).toThrow('needs an IP address');
  });

  it.each([
    ['weight of at least 1', assignment([{ lbEndpoints: [{ ...one, loadBalancingWeight: 0 }] }])],
    [
      'more than 4294967295 (gRFC A27)',
      assignment([{ loadBalancingWeight: noLimit }, { loadBalancingWeight: 1 }]),
    ],
    [
      'at most 10000 are used',
      assignment([{ lbEndpoints: Array<LbEndpoint>(clientLimits.endpoints + 1).fill(one) }]),
    ],
  ])('are refused: %s', (reason, parse) => {
    expect(parse).toThrow(reason);
  });
});
