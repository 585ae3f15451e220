import { SocketAddress } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalAddress } from './ip-address.ts';

describe('canonicalAddress', () => {
  it.each([
    ['10.0.0.1', '10.0.0.1'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['0:0::0', '::'],
    ['FD00:0:0::00AB', 'fd00::ab'],
    ['fd00:0:0:1:0:0:0:1', 'fd00:0:0:1::1'],
    // RFC 5952 §4.2.2: one group alone is not shortened.
    ['fd00:1:2:3:4:5:6::', 'fd00:1:2:3:4:5:6:0'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['::FFFF:0a00:1', '10.0.0.1'],
    ['0:0:0:0:0:ffff:10.0.0.1', '10.0.0.1'],
    ['::ffff:10.0.0.1%lo', '10.0.0.1'],
    // Of other IPv4 addresses within IPv6 ones a router makes something else (RFC 6052), or nobody does any more.
    ['64:ff9b::10.0.0.1', '64:ff9b::a00:1'],
    ['::10.0.0.1', '::a00:1'],
    ['FE80:0::1%Eth0', 'fe80::1%Eth0'],
    ['fe80::1%25', 'fe80::1%25'],
  ])('%s is %s', (text, address) => {
    expect(canonicalAddress(text)).toBe(address);
    expect(canonicalAddress(address)).toBe(address);
  });

  it.each(['', 'a', '::1::', '10.0.0', '010.0.0.1', 'fe80::1%', '[::1]', '::1:80000', ' ::1', '::1\n'])(
    '%j is none',
    (text) => expect(canonicalAddress(text)).toBeUndefined(),
  );

  it('is one for all spellings of an address, and what the system makes of it', () => {
    const groups = fc.tuple(...Array.from({ length: 8 }, () => fc.oneof(fc.constant(0), fc.nat(0xffff))));
    fc.assert(
      fc.property(groups, (numbers) => {
        const long = numbers.map((number) => number.toString(16).padStart(4, '0')).join(':');
        const { address } = new SocketAddress({ address: long, family: 'ipv6' });
        const canonical = canonicalAddress(long);
        for (const spelling of [address, long.toUpperCase(), long.replace(/\b0+\B/g, '')])
          expect(canonicalAddress(spelling)).toBe(canonical);
      }),
    );
  });
});
