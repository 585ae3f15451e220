import { Metadata } from '@grpc/grpc-js';
import { registerRoundRobinWithReason, roundRobinServiceConfig } from '@evenly/service/grpc';
import { describe, expect, it } from 'vitest';
import { Caller } from './caller.ts';
import { chosenServiceConfig, serviceConfig } from './service-config.ts';

registerRoundRobinWithReason();
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
  ])('refuses %j %j', (policy, text, reason) => {
    expect(() => chosen(policy, text)).toThrow(reason);
  });

  it.each(['', 'round_robin', '[1]', 'null', '{'])('must be a JSON object, so not %j', (text) => {
    expect(serviceConfig().safeParse(text).success).toBe(false);
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
