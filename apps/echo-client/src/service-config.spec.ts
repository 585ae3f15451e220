import { Metadata } from '@grpc/grpc-js';
import { register } from '@evenly/discovery/grpc-js';
import { registerRoundRobinWithReason, roundRobinServiceConfig } from '@evenly/service/grpc';
import { describe, expect, it } from 'vitest';
import { Caller } from './caller.ts';
import { chosenServiceConfig, serviceConfig } from './service-config.ts';

registerRoundRobinWithReason();
register();
const chosen = (policy?: string, text?: string) => chosenServiceConfig({ policy, serviceConfig: text });

describe('the service config', () => {
  it('is round robin when nothing is said, what is given, or the named policy', () => {
    expect(chosen()).toBe(roundRobinServiceConfig);
    expect(chosen(undefined, '{"methodConfig":[]}')).toBe('{"methodConfig":[]}');
    expect(chosen('pick_first')).toBe('{"loadBalancingConfig":[{"pick_first":{}}]}');
  });

  it('may name policies of which only one is known', () => {
    const text = '{"loadBalancingConfig":[{"magic":{}},{"round_robin":{}}]}';
    expect(chosen(undefined, text)).toBe(text);
  });

  it.each([
    ['magic', undefined, '--policy: loadBalancingConfig: no policy that is known here in [magic]'],
    [
      undefined,
      '{"loadBalancingConfig":[]}',
      '--service-config: loadBalancingConfig: no policy that is known',
    ],
    [undefined, '{"loadBalancingConfig":"round_robin"}', '--service-config: loadBalancingConfig: no policy'],
    ['round_robin', '{}', 'give --policy or --service-config, not both'],
    [
      undefined,
      '{"loadBalancingConfig":[{"evenly_peak_ewma":{"decay":10}}]}',
      'evenly_peak_ewma.decay: must be a duration such as "10s" or "0.5s", got 10',
    ],
    [
      undefined,
      '{"loadBalancingConfig":[{"pick_first":{"shuffle":true}}]}',
      '--service-config: loadBalancingConfig: grpc-js does not know pick_first.shuffle',
    ],
    [
      undefined,
      '{"loadBalancingConfig":[{"outlier_detection":{"maxEjectionPercent":5,"child_policy":[{"round_robin":{}}]}}]}',
      'grpc-js does not know outlier_detection.maxEjectionPercent',
    ],
  ])('refuses %j %j', (policy, text, reason) => {
    expect(() => chosen(policy, text)).toThrow(reason);
  });

  it.each(['', 'round_robin', '[1]', 'null', '{'])('must be a JSON object, so not %j', (text) => {
    expect(serviceConfig().safeParse(text).success).toBe(false);
  });

  it.each([
    ['{"loadBalancingPolicy":"round_robin"}', 'loadBalancingPolicy: grpc-js does not read it'],
    [
      '{"loadbalancingConfig":[]}',
      'loadbalancingConfig: is not a field that is known here; did you mean loadBalancingConfig?',
    ],
    [
      '{"methodConfig":[{"name":[{}],"retry_policy":{}}]}',
      'methodConfig.0.retry_policy: is not a field that is known here; did you mean retryPolicy?',
    ],
    ['{"methodConfig":[{"name":[{}],"retryPolicy":{"attempts":3}}]}', 'methodConfig.0.retryPolicy.'],
    [
      '{"methodConfig":[{"name":[{"svc":"a"}]}]}',
      'methodConfig.0.name.0.svc: is not a field that is known here',
    ],
    ['{"retryThrottling":{"max":3}}', 'retryThrottling.max: is not a field that is known here'],
  ])('refuses %s, which grpc-js would read past', (text, reason) => {
    expect(serviceConfig().safeParse(text).error?.issues[0]?.message).toContain(reason);
  });

  it('takes what grpc-js reads', () => {
    const retryPolicy = {
      ...{ maxAttempts: 3, initialBackoff: '0.1s', maxBackoff: '1s', backoffMultiplier: 2 },
      retryableStatusCodes: ['UNAVAILABLE'],
    };
    const text = JSON.stringify({
      loadBalancingConfig: [{ evenly_round_robin: { connectionsPerAddress: 2 } }],
      methodConfig: [
        { name: [{ service: 'a', method: 'b' }], timeout: '1s', waitForReady: true, retryPolicy },
      ],
      retryThrottling: { maxTokens: 10, tokenRatio: 0.1 },
      healthCheckConfig: { serviceName: 'a' },
    });
    expect(serviceConfig().parse(text)).toBe(text);
    expect(chosen(undefined, text)).toBe(text);
  });

  it('that grpc-js refuses is refused with its reason', () => {
    const options = { target: 'dns:///x', name: 'x', deadlineMs: 1, waitForReady: false };
    const rest = {
      headers: new Metadata(),
      interceptors: [],
      serviceConfig: '{"methodConfig":[{"name":5}]}',
    };
    expect(() => new Caller({ ...options, ...rest })).toThrow(/^cannot call dns:\/\/\/x: .*name/);
  });
});
