import { describe, expect, it } from 'vitest';
import { onlyFault, service } from '../testing/mesh-yaml.ts';

describe('the form of policies', () => {
  it.each([
    [
      'a duration of half a millisecond',
      service('    policy: { timeout: 1.5ms }'),
      4,
      'services.a.policy.timeout',
      /whole milliseconds, got "1.5ms"$/,
    ],
    [
      'an endless duration',
      service('    policy: { timeout: 999999999999h }'),
      4,
      'services.a.policy.timeout',
      /from 1ms to 24h/,
    ],
    [
      'an unknown policy',
      service('    policy:\n      loadBalancing: random'),
      5,
      'services.a.policy.loadBalancing',
      /^must be one of round-robin, least-request, .* got "random"$/,
    ],
    [
      'ring-hash without a header',
      service('    policy: { loadBalancing: ring-hash }'),
      4,
      'services.a.policy',
      /hashHeader with loadBalancing ring-hash, and only then/,
    ],
    [
      'a hashHeader without ring-hash',
      service('    policy: { hashHeader: x-user }'),
      4,
      'services.a.policy',
      /hashHeader with loadBalancing ring-hash, and only then/,
    ],
    [
      'one attempt',
      service('    policy: { retry: { attempts: 1 } }'),
      4,
      'services.a.policy.retry.attempts',
      /at least 2/,
    ],
    [
      'six attempts',
      service('    policy: { retry: { attempts: 6 } }'),
      4,
      'services.a.policy.retry.attempts',
      /at most 5/,
    ],
    [
      'a code that cannot be retried on',
      service('    policy: { retry: { attempts: 2, on: [UNKNOWN] } }'),
      4,
      'services.a.policy.retry.on[0]',
      /^must be one of CANCELLED/,
    ],
    [
      'a backoff that falls',
      service('    policy: { retry: { attempts: 2, backoff: { base: 1s } } }'),
      4,
      'services.a.policy.retry.backoff',
      /base that is not more than its max/,
    ],
    [
      '101 percent',
      service('    policy: { panicThresholdPercent: 101 }'),
      4,
      'services.a.policy.panicThresholdPercent',
      /at most 100/,
    ],
    [
      'a breaker at 0',
      service('    policy: { circuitBreaker: { maxRequests: 0 } }'),
      4,
      'services.a.policy.circuitBreaker.maxRequests',
      /at least 1/,
    ],
    [
      'an ejection time above its most',
      service('    policy: { outlierDetection: { baseEjectionTime: 1h } }'),
      4,
      'services.a.policy.outlierDetection',
      /baseEjectionTime that is not more/,
    ],
    [
      'a slow start without a window',
      service('    policy: { slowStart: {} }'),
      4,
      'services.a.policy.slowStart.window',
      /^is missing$/,
    ],
    [
      'subsets of nobody',
      service('    policy: { subsetting: { size: 0 } }'),
      4,
      'services.a.policy.subsetting.size',
      /at least 1/,
    ],
  ])('refuses %s', (_, text, line, field, reason) => {
    expect(onlyFault(text)).toEqual({ line, field, reason: expect.stringMatching(reason) as string });
  });
});
