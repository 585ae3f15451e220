import { describe, expect, it } from 'vitest';
import { PodNames, podOf } from './pod-names.ts';

describe('podOf', () => {
  it.each([
    ['Hello echo-client_1  from hostname be1-srv-1', 'be1-srv-1'],
    ['server-5f6d: Hello client_7', 'server-5f6d'],
    ['anything else', 'anything else'],
    ['Hello x  from hostname \u001b[2Jevil\r\n', '[2Jevil'],
    ['', '(empty reply)'],
  ])('%j', (message, pod) => {
    expect(podOf(message)).toBe(pod);
  });

  it('bounds the name', () => {
    expect(podOf('x'.repeat(10_000))).toHaveLength(80);
  });
});

describe('PodNames', () => {
  it('knows the pod at a peer once it has answered', () => {
    const names = new PodNames();
    expect(names.at('10.0.0.1:1')).toBe('10.0.0.1:1');
    names.learn('10.0.0.1:1', 'pod-1');
    expect(names.at('10.0.0.1:1')).toBe('pod-1');
  });

  it('accuses no pod behind a proxy: several answer there', () => {
    const names = new PodNames();
    for (const pod of ['pod-1', 'pod-2', 'pod-1']) names.learn('10.0.0.1:1', pod);
    expect(names.at('10.0.0.1:1')).toBe('10.0.0.1:1');
  });
});
