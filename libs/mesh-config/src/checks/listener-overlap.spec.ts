import { describe, expect, it } from 'vitest';
import type { Listener } from '../mesh-config.ts';
import { overlap } from './listener-overlap.ts';

const at = (address: string, port = 80) => ({ address, port }) as Listener;

/** As `listen` of Linux has it (EADDRINUSE, or not). */
describe('listeners on one port', () => {
  it.each([
    ['0.0.0.0', '127.0.0.1'],
    ['::', '127.0.0.1'],
    ['::', '::1'],
    ['0.0.0.0', '::'],
    ['0:0::0', '10.0.0.1'],
    ['127.0.0.1', '::ffff:127.0.0.1'],
    ['::ffff:0.0.0.0', '127.0.0.1'],
    ['FE80::1', 'fe80:0::1'],
  ])('overlap: %s and %s', (one, other) => {
    expect(overlap(at(one), at(other))).toBe(true);
    expect(overlap(at(other), at(one))).toBe(true);
    expect(overlap(at(one), at(other, 81))).toBe(false);
    expect(overlap(at(one, 0), at(other, 0))).toBe(false);
  });

  it.each([
    ['0.0.0.0', '::1'],
    ['127.0.0.1', '127.0.0.2'],
    ['127.0.0.1', '::1'],
    ['fe80::1%eth0', 'fe80::1%eth1'],
  ])('do not overlap: %s and %s', (one, other) => {
    expect(overlap(at(one), at(other))).toBe(false);
    expect(overlap(at(other), at(one))).toBe(false);
  });
});
