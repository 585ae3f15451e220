import { validateServiceConfig } from '@grpc/grpc-js/build/src/service-config.js';
import { describe, expect, it } from 'vitest';
import { serviceConfigOf } from './service-config.ts';

describe('timeouts of a service config', () => {
  const policies = [[], [{ evenly_round_robin: {} }]];
  const asRead = (timeout: unknown, loadBalancingConfig: object[]) => {
    const methodConfig = [{ name: [{}], timeout }];
    const json = JSON.stringify({ methodConfig, loadBalancingConfig });
    return serviceConfigOf({ 'grpc.service_config': json }).methodConfig[0]!.timeout;
  };

  it.each([
    ['1s', { seconds: 1, nanos: 0 }],
    ['0.5s', { seconds: 0, nanos: 500_000_000 }],
    ['1.025s', { seconds: 1, nanos: 25_000_000 }],
    ['0.000000001s', { seconds: 0, nanos: 1 }],
    [
      { seconds: 2, nanos: 5 },
      { seconds: 2, nanos: 5 },
    ],
    [undefined, undefined],
  ])('%j is %j, with a policy or without', (timeout, read) => {
    expect(policies.map((policy) => asRead(timeout, policy))).toEqual([read, read]);
  });

  it.each([null, 5, {}, [null], [5], [{ name: [{}], timeout: '.s' }]])(
    'methodConfig %j is refused, or read past, by grpc-js itself',
    (methodConfig) => {
      const ended = (read: () => unknown) => {
        try {
          return read();
        } catch (error) {
          return (error as Error).message;
        }
      };
      const policy = [{ evenly_round_robin: {} }];
      const config = { methodConfig, loadBalancingConfig: policy };
      const ours = ended(() => serviceConfigOf({ 'grpc.service_config': JSON.stringify(config) }));
      expect(ours).toEqual(ended(() => validateServiceConfig(config)));
    },
  );
});
